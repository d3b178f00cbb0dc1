//! Asking a guardian: whom a minor may name, and how often.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::consents::{ConsentRules, ConsentStage, Guardian};
use wolo_domain::contacts::Email;
use wolo_domain::dakar;
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::people::{BirthDate, NAME_CHARS, first_name};

use super::reading::standing_of;
use super::{CONSENTS, Standing, events, lock, write_stage};
use crate::rows::word;
use crate::{Error, Pool};

/// A guardian who is to be asked. Personal.
#[derive(Clone)]
pub struct NewConsent {
    pub id: ConsentId,
    pub minor: UserId,
    pub guardian: Guardian,
    /// SHA-256 of the secret in the guardian's link.
    pub token_hash: [u8; 32],
}

impl fmt::Debug for NewConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewConsent({})", self.id)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    Asked(Standing),
    /// By this very request, before.
    AlreadyAsked(Standing),
    /// Somebody has consented, or may still come back.
    AlreadyGiven,
    TooMany {
        until: DateTime<Utc>,
    },
    NotAMinor,
    /// The guardian's phone or mailbox is that of an account whose person is a minor.
    GuardianIsMinor,
    OwnPhone,
    OwnMailbox,
    PersonUnknown,
    /// It cannot be kept: its name or its secret is another request's, or the guardian's name is no name.
    Unfit,
}

/// Writes down whom a minor has named. Somebody whom they have named before and who has not answered is asked no more.
#[tracing::instrument(name = "db.consents.ask", skip_all, fields(consent = %new.id), err)]
pub async fn ask(
    pool: &Pool,
    new: &NewConsent,
    rules: &ConsentRules,
    at: DateTime<Utc>,
) -> Result<Asking, Error> {
    let mut tx = pool.begin().await?;
    take_turn(&mut tx, new.minor).await?;
    if let Some(known) = lock(&mut tx, new.id).await? {
        if known.minor != new.minor {
            return Ok(Asking::Unfit);
        }
        return Ok(Asking::AlreadyAsked(standing_of(&mut *tx, new.id).await?));
    }
    if let Some(refusal) = refusal(&mut tx, new, at).await? {
        return Ok(refusal);
    }
    let before = in_force(&mut tx, new.minor).await?;
    if matches!(before, Some((_, ConsentStage::Given | ConsentStage::Withdrawn))) {
        return Ok(Asking::AlreadyGiven);
    }
    let counted = counted(&mut tx, new.minor, rules.counts_from(at)).await?;
    if let Some(until) = rules.full_until(&counted) {
        return Ok(Asking::TooMany { until });
    }
    if let Some((before, stage)) = before
        && let Ok(superseded) = stage.supersede()
    {
        write_stage(&mut tx, before, superseded, None, at).await?;
        events::write(&mut tx, before, superseded, at).await?;
    }
    match insert(&mut tx, new, rules.answer_by(at), at).await {
        Err(Error::Conflict { rule }) if rule == "consents_one_per_token" => return Ok(Asking::Unfit),
        inserted => inserted?,
    }
    events::write(&mut tx, new.id, ConsentStage::Requested, at).await?;
    let standing = standing_of(&mut *tx, new.id).await?;
    tx.commit().await?;
    Ok(Asking::Asked(standing))
}

/// Whoever names a guardian for the same minor at the same time waits.
async fn take_turn(connection: &mut PgConnection, minor: UserId) -> Result<(), Error> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('minors.consents/' || $1::text, 0))",
        minor.to_string(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Why this minor cannot name this guardian, if they cannot.
async fn refusal(
    connection: &mut PgConnection,
    new: &NewConsent,
    at: DateTime<Utc>,
) -> Result<Option<Asking>, Error> {
    let name = &new.guardian.name;
    if name.is_empty() || name.contains('\0') || name.chars().count() > NAME_CHARS {
        return Ok(Some(Asking::Unfit));
    }
    let row = sqlx::query!(
        "select birth_date, phone, email from people.users where user_id = $1 for share",
        new.minor.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(Some(Asking::PersonUnknown)) };
    if !BirthDate::new(row.birth_date).is_minor_at(at) {
        return Ok(Some(Asking::NotAMinor));
    }
    if row.phone.as_deref() == Some(new.guardian.phone.reveal()) {
        return Ok(Some(Asking::OwnPhone));
    }
    let own = row.email.as_deref().and_then(|email| email.parse::<Email>().ok());
    let is_own = |email: &Email| own.as_ref().is_some_and(|own| own.mailbox() == email.mailbox());
    if new.guardian.email.as_ref().is_some_and(is_own) {
        return Ok(Some(Asking::OwnMailbox));
    }
    let email = new.guardian.email.as_ref();
    let minor = is_a_minors(connection, new.guardian.phone.reveal(), email.map(Email::reveal), at).await?;
    Ok(minor.then_some(Asking::GuardianIsMinor))
}

/// Whether a phone or a mail address is that of a minor's account.
pub(super) async fn is_a_minors(
    connection: &mut PgConnection,
    phone: &str,
    email: Option<&str>,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let born = sqlx::query_scalar!(
        "select birth_date from people.users where phone = $1 or lower(email) = lower($2)",
        phone,
        email,
    )
    .fetch_all(connection)
    .await?;
    Ok(born.into_iter().any(|day| BirthDate::new(day).is_minor_on(dakar::day_of(at))))
}

async fn in_force(
    connection: &mut PgConnection,
    minor: UserId,
) -> Result<Option<(ConsentId, ConsentStage)>, Error> {
    let row = sqlx::query!(
        "select consent_id, stage from minors.consents
         where minor_id = $1 and stage in ('requested', 'given', 'withdrawn')
         for update",
        minor.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let consent = ConsentId::from_uuid(row.consent_id);
        Ok((consent, word(&row.stage, CONSENTS, "stage", consent)?))
    })
    .transpose()
}

/// When this minor has named somebody, as far as it counts.
async fn counted(
    connection: &mut PgConnection,
    minor: UserId,
    from: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!(
        "select requested_at from minors.consents where minor_id = $1 and requested_at > $2",
        minor.uuid(),
        from,
    )
    .fetch_all(connection)
    .await?)
}

async fn insert(
    connection: &mut PgConnection,
    new: &NewConsent,
    answer_by: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let NewConsent { id, minor, guardian, token_hash } = new;
    sqlx::query!(
        "insert into minors.consents (
             consent_id, minor_id, guardian_name, guardian_is, guardian_phone, language, token_hash, stage, since,
             requested_at, answer_by
         )
         values ($1, $2, $3, $4, $9, $5, $6, 'requested', $7, $7, $8)",
        id.uuid(),
        minor.uuid(),
        guardian.name,
        guardian.is.as_str(),
        guardian.language.as_str(),
        token_hash.as_slice(),
        at,
        answer_by,
        guardian.phone.masked(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into minors.guardians (consent_id, phone, email) values ($1, $2, $3)",
        id.uuid(),
        guardian.phone.reveal(),
        guardian.email.as_ref().map(Email::reveal),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a minor is called where their surname has no business.
pub(super) fn said(name: &str) -> String {
    first_name(name).to_owned()
}
