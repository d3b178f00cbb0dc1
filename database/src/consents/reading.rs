//! What is read of consents: by a minor, by whoever has a guardian's link, by those who work here, and by the process.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::consents::{ConsentStage, Guardian};
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::people::BirthDate;

use super::asking::said;
use super::{CONSENTS, Consent, GUARDIANS, Reached, Standing};
use crate::rows::{Page, word};
use crate::{Error, Pool};

struct Row {
    consent_id: Uuid,
    minor_id: Uuid,
    guardian_name: String,
    guardian_is: String,
    guardian_phone: Option<String>,
    language: String,
    stage: String,
    since: DateTime<Utc>,
    requested_at: DateTime<Utc>,
    answer_by: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Consent {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = ConsentId::from_uuid(row.consent_id);
        Ok(Self {
            id,
            minor: UserId::from_uuid(row.minor_id),
            guardian_name: row.guardian_name,
            guardian_is: word(&row.guardian_is, CONSENTS, "guardian_is", id)?,
            guardian_phone: row.guardian_phone,
            language: word(&row.language, CONSENTS, "language", id)?,
            stage: word(&row.stage, CONSENTS, "stage", id)?,
            since: row.since,
            requested_at: row.requested_at,
            answer_by: row.answer_by,
        })
    }
}

/// Reads the consents that the rest of a query names.
macro_rules! read_consents {
    ($database:expr, $rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            "select consent_id, minor_id, guardian_name, guardian_is, guardian_phone, language, stage, since, requested_at,
                    answer_by
             from minors.consents " + $rest
            $(, $argument)*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map(Consent::try_from)
        .collect::<Result<Vec<_>, Error>>()
    };
}

/// The consent of a link, for whoever [has it](crate::Context::with_consent).
#[tracing::instrument(name = "db.consents.of_link", skip_all, err)]
pub async fn of_link(database: impl PgExecutor<'_>, token_hash: &[u8; 32]) -> Result<Option<Consent>, Error> {
    let found = read_consents!(database, "where token_hash = $1", token_hash.as_slice())?;
    Ok(found.into_iter().next())
}

#[tracing::instrument(name = "db.consents.consent", skip(database), err)]
pub async fn consent(database: impl PgExecutor<'_>, consent: ConsentId) -> Result<Option<Consent>, Error> {
    let found = read_consents!(database, "where consent_id = $1", consent.uuid())?;
    Ok(found.into_iter().next())
}

/// Everybody whom a minor has named, the last first.
#[tracing::instrument(name = "db.consents.of_minor", skip(database), err)]
pub async fn of_minor(database: impl PgExecutor<'_>, minor: UserId) -> Result<Vec<Consent>, Error> {
    read_consents!(
        database,
        "where minor_id = $1 order by requested_at desc, created_at desc, consent_id desc limit 100",
        minor.uuid(),
    )
}

/// What those who work here look for; nothing set is everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub stage: Option<ConsentStage>,
    /// Of guardians who have at least so many minors.
    pub minors_of_guardian: Option<i64>,
}

/// All consents, the newest first.
#[tracing::instrument(name = "db.consents.list", skip_all, err)]
pub async fn list(
    database: impl PgExecutor<'_>,
    filter: Filter,
    page: Page<ConsentId>,
) -> Result<Vec<Consent>, Error> {
    read_consents!(
        database,
        "where ($1::text is null or stage = $1)
           and ($2::bigint is null or $2 <= (
               select count(distinct other.minor_id)
               from minors.guardians own
               join minors.guardians theirs using (phone)
               join minors.consents other on other.consent_id = theirs.consent_id
               where own.consent_id = consents.consent_id and other.stage in ('requested', 'given', 'withdrawn')
           ))
           and ($3::uuid is null or (created_at, consent_id) < (
               select created_at, consent_id from minors.consents where consent_id = $3
           ))
         order by created_at desc, consent_id desc
         limit $4",
        filter.stage.map(ConsentStage::as_str),
        filter.minors_of_guardian,
        page.after.map(ConsentId::uuid),
        page.rows(),
    )
}

/// Where a guardian is reached, for themselves and for those who work here.
#[tracing::instrument(name = "db.consents.reached", skip(database), err)]
pub async fn reached(database: impl PgExecutor<'_>, consent: ConsentId) -> Result<Option<Reached>, Error> {
    let row = sqlx::query!("select phone, email from minors.guardians where consent_id = $1", consent.uuid())
        .fetch_optional(database)
        .await?;
    row.map(|row| {
        Ok(Reached {
            phone: word(&row.phone, GUARDIANS, "phone", consent)?,
            email: row.email.map(|email| word(&email, GUARDIANS, "email", consent)).transpose()?,
        })
    })
    .transpose()
}

/// How many minors have the guardian of a consent, as their phone tells, in consents that are in force.
#[tracing::instrument(name = "db.consents.minors_of_guardian", skip(database), err)]
pub async fn minors_of_guardian(database: impl PgExecutor<'_>, consent: ConsentId) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(distinct other.minor_id) as "minors!"
           from minors.guardians own
           join minors.guardians theirs using (phone)
           join minors.consents other on other.consent_id = theirs.consent_id
           where own.consent_id = $1 and other.stage in ('requested', 'given', 'withdrawn')"#,
        consent.uuid(),
    )
    .fetch_one(database)
    .await?)
}

/// The consent that a minor's pots rest on, if a guardian has given one that stands. Ask under a pot's lock.
pub async fn given(connection: &mut PgConnection, minor: UserId) -> Result<Option<ConsentId>, Error> {
    let found = sqlx::query_scalar!(
        "select consent_id from minors.consents where minor_id = $1 and stage = 'given'",
        minor.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(ConsentId::from_uuid))
}

/// The consent of a minor that is in force, as its process has to know it.
#[tracing::instrument(name = "db.consents.standing", skip(pool), err)]
pub async fn standing(pool: &Pool, minor: UserId) -> Result<Option<Standing>, Error> {
    let found = sqlx::query_scalar!(
        "select consent_id from minors.consents
         where minor_id = $1 and stage in ('requested', 'given', 'withdrawn')",
        minor.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    match found {
        Some(consent) => Ok(Some(standing_of(pool, ConsentId::from_uuid(consent)).await?)),
        None => Ok(None),
    }
}

struct StandingRow {
    stage: String,
    requested_at: DateTime<Utc>,
    answer_by: Option<DateTime<Utc>>,
    guardian_name: String,
    guardian_is: String,
    language: String,
    phone: String,
    email: Option<String>,
    minor_name: String,
    minor_born: NaiveDate,
    case: i64,
}

pub(super) async fn standing_of(
    database: impl PgExecutor<'_>,
    consent: ConsentId,
) -> Result<Standing, Error> {
    let row = sqlx::query_as!(
        StandingRow,
        r#"select stage, requested_at, answer_by, guardian_name, guardian_is, consents.language,
                  guardians.phone, guardians.email, users.name as minor_name, birth_date as minor_born,
                  (
                      select greatest(1, count(*) + coalesce((array_agg(
                          (cases.stage = 'approved' and approved_birth_date <> users.birth_date)::integer
                          order by opened_at desc
                      ))[1], 0))
                      from minors.cases
                      where cases.consent_id = consents.consent_id
                  ) as "case!"
           from minors.consents
           join minors.guardians using (consent_id)
           join people.users on user_id = minor_id
           where consent_id = $1"#,
        consent.uuid(),
    )
    .fetch_optional(database)
    .await?
    .ok_or_else(|| Error::missing(CONSENTS, consent))?;
    Ok(Standing {
        consent,
        stage: word(&row.stage, CONSENTS, "stage", consent)?,
        requested_at: row.requested_at,
        answer_by: row.answer_by,
        guardian: Guardian {
            name: row.guardian_name,
            phone: word(&row.phone, GUARDIANS, "phone", consent)?,
            email: row.email.map(|email| word(&email, GUARDIANS, "email", consent)).transpose()?,
            is: word(&row.guardian_is, CONSENTS, "guardian_is", consent)?,
            language: word(&row.language, CONSENTS, "language", consent)?,
        },
        minor_name: said(&row.minor_name),
        minor_born: BirthDate::new(row.minor_born),
        case: u32::try_from(row.case).unwrap_or(u32::MAX),
    })
}
