//! Consents: which guardian was asked for which minor, what they answered, and what that makes of the minor's pots.
//!
//! A change is written with its event, its line of the audit trail and its effect on the minor's pots in one transaction: who is told
//! that a withdrawal is taken can rely on it. The secret of a guardian's link is known here by its hash alone, and what they declared
//! about their birth by its outcome.

mod answering;
mod asking;
mod ending;
mod events;
mod late;
mod reading;
mod sessions;

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::consents::{ConsentStage, Guardian, Guardianship};
use wolo_domain::contacts::{Email, Language};
use wolo_domain::ids::{ConsentId, UserId};
use wolo_domain::people::{BirthDate, Phone};

pub use answering::{Giving, NewGiving, Withdrawing, give, withdraw};
pub(crate) use answering::{guardian, withdraw_within};
pub use asking::{Asking, NewConsent, ask};
pub use ending::{Ending, HandedPot, HandingOver, end, hand_over};
pub use events::{Event, events};
pub use late::{late, minors_with_process};
pub use reading::{Filter, consent, given, list, minors_of_guardian, of_link, of_minor, reached, standing};
pub use sessions::{NewSession, open_session, proof_of_code, session};

use crate::Error;
// Of a change that was made before all of a minor's pots are told, and not only those that it touched: whoever made it may have died
// before it told them.
use crate::clearance::unfinished as to_be_told;
use crate::rows::word;

const CONSENTS: &str = "minors.consents";
const GUARDIANS: &str = "minors.guardians";
const EVENTS: &str = "minors.consent_events";

/// A consent as it stands. Personal: it has a name in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: ConsentId,
    pub minor: UserId,
    pub guardian_name: String,
    pub guardian_is: Guardianship,
    /// As the minor sees it again: masked.
    pub guardian_phone: Option<String>,
    pub language: Language,
    pub stage: ConsentStage,
    pub since: DateTime<Utc>,
    pub requested_at: DateTime<Utc>,
    /// Until then the guardian may answer, or come back.
    pub answer_by: Option<DateTime<Utc>>,
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Consent({} {})", self.id, self.stage)
    }
}

/// Where a guardian is reached. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Reached {
    pub phone: Phone,
    pub email: Option<Email>,
}

/// What its process has to know of a consent that is in force. Personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    pub consent: ConsentId,
    pub stage: ConsentStage,
    pub requested_at: DateTime<Utc>,
    pub answer_by: Option<DateTime<Utc>>,
    pub guardian: Guardian,
    /// A first name.
    pub minor_name: String,
    pub minor_born: BirthDate,
    /// The number of its case: the first, or the last that was opened, or one more where the last has approved another birth date.
    pub case: u32,
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Standing({} {})", self.consent, self.stage)
    }
}

/// A consent that nobody else changes until the transaction ends.
struct Locked {
    minor: UserId,
    stage: ConsentStage,
    since: DateTime<Utc>,
    answer_by: Option<DateTime<Utc>>,
}

async fn lock(connection: &mut PgConnection, consent: ConsentId) -> Result<Option<Locked>, Error> {
    let row = sqlx::query!(
        "select minor_id, stage, since, answer_by from minors.consents where consent_id = $1 for update",
        consent.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Locked {
            minor: UserId::from_uuid(row.minor_id),
            stage: word(&row.stage, CONSENTS, "stage", consent)?,
            since: row.since,
            answer_by: row.answer_by,
        })
    })
    .transpose()
}

async fn write_stage(
    connection: &mut PgConnection,
    consent: ConsentId,
    stage: ConsentStage,
    answer_by: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update minors.consents set stage = $2, answer_by = $3, since = $4 where consent_id = $1",
        consent.uuid(),
        stage.as_str(),
        answer_by,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When somebody was born. It is not corrected before the transaction ends.
async fn born(connection: &mut PgConnection, minor: UserId) -> Result<BirthDate, Error> {
    sqlx::query_scalar!("select birth_date from people.users where user_id = $1 for share", minor.uuid())
        .fetch_optional(connection)
        .await?
        .map(BirthDate::new)
        .ok_or_else(|| Error::missing("people.users", minor))
}
