//! One-time codes: sent to a contact, good for one purpose, for some minutes and a few tries.
//!
//! A try is taken before the code is compared, so no number of parallel guesses gets more than there are. A code for a
//! contact that nobody has is a row like any other, and can never be right.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::accounts::CodePurpose;
use wolo_domain::contacts::Contact;
use wolo_domain::ids::{ConsentId, InvitationId, NoticeId, UserId};

use super::people::{columns, contact};
use crate::Error;
use crate::rows::{interval, word};

const CODES: &str = "people.codes";

/// How often a code may be sent to one contact.
const SENDS: [(TimeDelta, i64); 2] = [(TimeDelta::minutes(10), 3), (TimeDelta::days(1), 10)];

/// What a code is about.
#[derive(Clone)]
pub enum About {
    /// An account that is wanted.
    Registration(Uuid),
    /// An account that is there.
    User(UserId),
    /// A contact that an account is to get.
    NewContact(UserId, Contact),
    /// The contact that an invitation went to, whoever's it is.
    Invitation(InvitationId),
    /// The phone that a request for a guardian's consent went to, whoever's it is.
    Consent(ConsentId),
    /// Nobody.
    Decoy,
}

/// A code to be sent.
pub struct NewCode<'a> {
    pub purpose: CodePurpose,
    /// A keyed hash of the contact.
    pub contact_hash: &'a [u8],
    /// A keyed hash of the code.
    pub code_hash: &'a [u8],
    pub about: About,
    pub tries: i32,
    pub lives: TimeDelta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// It is written down: send it.
    Written(Uuid),
    /// Enough has been sent to this contact for now.
    TooMany { again_at: DateTime<Utc> },
}

/// What became of a try.
#[derive(Clone, PartialEq, Eq)]
pub enum Tried {
    /// The code was right, and is used.
    Right(Proved),
    /// It was wrong, or too late, or tried too often, or never good for anything. Which of these is nobody's business.
    Wrong,
}

/// What somebody has proved.
#[derive(Clone, PartialEq, Eq)]
pub enum Proved {
    Registration(Uuid),
    User(UserId),
    NewContact(UserId, Contact),
    Invitation(InvitationId),
    Consent {
        consent: ConsentId,
        /// The message that brought the code, as far as it is known.
        notice: Option<NoticeId>,
    },
}

impl fmt::Debug for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Right(_)) { "Right(…)" } else { "Wrong" })
    }
}

/// Writes a code down, if one may be sent. An older one of the same purpose for the same contact ends with it.
#[tracing::instrument(name = "db.accounts.write_code", skip_all, err)]
pub async fn write(connection: &mut PgConnection, new: &NewCode<'_>) -> Result<Sending, Error> {
    // Two askers for one contact take turns, so that neither overlooks the other's code.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0)) as locked",
        new.contact_hash
    )
    .fetch_one(&mut *connection)
    .await?;
    for (window, most) in SENDS {
        let sent = sqlx::query!(
            r#"select count(*) as "count!", min(created_at) as first
               from people.codes
               where contact_hash = $1 and created_at > clock_timestamp() - $2::text::interval"#,
            new.contact_hash,
            interval(window),
        )
        .fetch_one(&mut *connection)
        .await?;
        if let Some(first) = sent.first.filter(|_| sent.count >= most) {
            return Ok(Sending::TooMany { again_at: first + window });
        }
    }
    sqlx::query!(
        "update people.codes set expires_at = least(expires_at, clock_timestamp())
         where contact_hash = $1 and purpose = $2 and used_at is null",
        new.contact_hash,
        new.purpose.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    let id = Uuid::new_v4();
    let (registration, user, contact) = match &new.about {
        About::Registration(registration) => (Some(*registration), None, None),
        About::User(user) => (None, Some(user.uuid()), None),
        About::NewContact(user, contact) => (None, Some(user.uuid()), Some(contact)),
        About::Invitation(_) | About::Consent(_) | About::Decoy => (None, None, None),
    };
    let invitation = match &new.about {
        About::Invitation(invitation) => Some(invitation.uuid()),
        _ => None,
    };
    let consent = match &new.about {
        About::Consent(consent) => Some(consent.uuid()),
        _ => None,
    };
    let (phone, email) = contact.map_or((None, None), columns);
    sqlx::query!(
        "insert into people.codes (
             code_id, purpose, contact_hash, code_hash, registration_id, user_id, phone, email, tries_left, expires_at,
             invitation_id, consent_id
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + $10::text::interval, $11, $12)",
        id,
        new.purpose.as_str(),
        new.contact_hash,
        new.code_hash,
        registration,
        user,
        phone,
        email,
        new.tries,
        interval(new.lives),
        invitation,
        consent,
    )
    .execute(&mut *connection)
    .await?;
    Ok(Sending::Written(id))
}

/// Notes which message carries a code.
#[tracing::instrument(name = "db.accounts.note_carrier", skip_all, err)]
pub async fn note_carrier(connection: &mut PgConnection, code: Uuid, notice: NoticeId) -> Result<(), Error> {
    sqlx::query!("update people.codes set notice_id = $2 where code_id = $1", code, notice.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes one try. A wrong one is to be gone whatever comes next: commit before the answer is given. A right one is used up with
/// what it is for, in one transaction; until that ends, another try at the same code waits.
#[tracing::instrument(name = "db.accounts.try_code", skip_all, err)]
pub async fn attempt(
    connection: &mut PgConnection,
    code: Uuid,
    purpose: CodePurpose,
    code_hash: &[u8],
) -> Result<Tried, Error> {
    take_a_try(connection, code, purpose, code_hash, true).await
}

/// The same, but a right one stays good and takes no try: what it is for is not done in one transaction, and whoever comes again
/// with it goes on with that. When it is done the code [is used up](use_up).
#[tracing::instrument(name = "db.accounts.prove_code", skip_all, err)]
pub async fn prove(
    connection: &mut PgConnection,
    code: Uuid,
    purpose: CodePurpose,
    code_hash: &[u8],
) -> Result<Tried, Error> {
    take_a_try(connection, code, purpose, code_hash, false).await
}

/// Uses a code up that was proved, and says whether nobody else has: what it opens is opened once.
#[tracing::instrument(name = "db.accounts.use_code_up", skip_all, err)]
pub async fn use_up(connection: &mut PgConnection, code: Uuid) -> Result<bool, Error> {
    let used = sqlx::query!(
        "update people.codes set used_at = clock_timestamp() where code_id = $1 and used_at is null",
        code,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(used == 1)
}

/// Whether this is the code that was used up for an invitation: it opens nothing more.
#[tracing::instrument(name = "db.accounts.code_was_used_for", skip_all, err)]
pub async fn was_used_for(
    connection: &mut PgConnection,
    code: Uuid,
    invitation: InvitationId,
    code_hash: &[u8],
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from people.codes
               where code_id = $1 and invitation_id = $2 and code_hash = $3 and used_at is not null
           ) as "was!""#,
        code,
        invitation.uuid(),
        code_hash,
    )
    .fetch_one(connection)
    .await?)
}

async fn take_a_try(
    connection: &mut PgConnection,
    code: Uuid,
    purpose: CodePurpose,
    code_hash: &[u8],
    uses_up: bool,
) -> Result<Tried, Error> {
    let row = sqlx::query!(
        r#"update people.codes
           set tries_left = tries_left - case when code_hash = $3 and not $4 then 0 else 1 end,
               used_at = case when code_hash = $3 and $4 then clock_timestamp() end
           where code_id = $1 and purpose = $2 and tries_left > 0 and used_at is null
             and expires_at > clock_timestamp()
           returning code_hash = $3 as "right!", registration_id, user_id, phone, email, invitation_id, consent_id,
                     notice_id"#,
        code,
        purpose.as_str(),
        code_hash,
        uses_up,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row.filter(|row| row.right) else { return Ok(Tried::Wrong) };
    if let Some(invitation) = row.invitation_id {
        return Ok(Tried::Right(Proved::Invitation(InvitationId::from_uuid(invitation))));
    }
    if let Some(consent) = row.consent_id {
        let notice = row.notice_id.map(NoticeId::from_uuid);
        return Ok(Tried::Right(Proved::Consent { consent: ConsentId::from_uuid(consent), notice }));
    }
    let proved = match (row.registration_id, row.user_id.map(UserId::from_uuid)) {
        (Some(registration), None) => Proved::Registration(registration),
        (None, Some(user)) => match contact(row.phone.as_deref(), row.email.as_deref(), CODES, code)? {
            Some(contact) => Proved::NewContact(user, contact),
            None => Proved::User(user),
        },
        // A decoy that was guessed is still nobody's.
        (None, None) => return Ok(Tried::Wrong),
        (Some(_), Some(_)) => return Err(Error::inconsistent(CODES, "user_id", code)),
    };
    Ok(Tried::Right(proved))
}

/// What a code was asked for, to send another one for the same: its purpose, and what it is about.
#[tracing::instrument(name = "db.accounts.code_about", skip_all, err)]
pub async fn about(
    connection: &mut PgConnection,
    code: Uuid,
) -> Result<Option<(CodePurpose, Vec<u8>, About)>, Error> {
    let row = sqlx::query!(
        "select purpose, contact_hash, registration_id, user_id, phone, email from people.codes where code_id = $1",
        code,
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let about = match (row.registration_id, row.user_id.map(UserId::from_uuid)) {
        (Some(registration), _) => About::Registration(registration),
        (None, Some(user)) => match contact(row.phone.as_deref(), row.email.as_deref(), CODES, code)? {
            Some(contact) => About::NewContact(user, contact),
            None => About::User(user),
        },
        (None, None) => About::Decoy,
    };
    Ok(Some((word(&row.purpose, CODES, "purpose", code)?, row.contact_hash, about)))
}
