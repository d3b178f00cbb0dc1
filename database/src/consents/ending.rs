//! How a consent comes to nothing, and how it is no longer needed.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::consents::{ConsentEnd, ConsentStage};
use wolo_domain::ids::{ConsentId, PotId, UserId};
use wolo_domain::people::BirthDate;

use super::{CONSENTS, born, events, guardian, lock, to_be_told, write_stage};
use crate::audit::{self, Doer};
use crate::{Error, Pool, clearance};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has come to this, now or before.
    Over { stage: ConsentStage, pots: Vec<PotId> },
    /// It stands: the guardian has said something else.
    InForce { stage: ConsentStage },
    /// This minor has asked for no such consent.
    OtherConsent,
}

/// Ends a consent: the guardian refuses, or nobody says anything any more.
#[tracing::instrument(name = "db.consents.end", skip(pool), err)]
pub async fn end(
    pool: &Pool,
    minor: UserId,
    consent: ConsentId,
    end: ConsentEnd,
    at: DateTime<Utc>,
) -> Result<Ending, Error> {
    let mut tx = pool.begin().await?;
    let found = lock(&mut tx, consent).await?.filter(|found| found.minor == minor);
    let Some(found) = found else { return Ok(Ending::OtherConsent) };
    if !found.stage.is_in_force() {
        return Ok(Ending::Over { stage: found.stage, pots: to_be_told(&mut tx, minor).await? });
    }
    let Ok(over) = found.stage.end(end) else { return Ok(Ending::InForce { stage: found.stage }) };
    clearance::enter_all(&mut tx, minor).await?;
    // The guardian of somebody who has come of age has no say any more; that silence has gone on until then is as it was.
    if end == ConsentEnd::Refused && !born(&mut tx, minor).await?.is_minor_at(at) {
        return Ok(Ending::InForce { stage: found.stage });
    }
    write_stage(&mut tx, consent, over, None, at).await?;
    events::write(&mut tx, consent, over, at).await?;
    note_end(&mut tx, minor, consent, end).await?;
    let pots = clearance::follow(&mut tx, minor, at).await?;
    tx.commit().await?;
    Ok(Ending::Over { stage: over, pots })
}

async fn note_end(
    connection: &mut PgConnection,
    minor: UserId,
    consent: ConsentId,
    end: ConsentEnd,
) -> Result<(), Error> {
    let (action, by, reason) = match end {
        ConsentEnd::Refused => {
            (Action::ConsentRefused, guardian(consent), "by the link that was sent to them")
        }
        ConsentEnd::Lapsed => {
            (Action::ConsentRefused, process(minor), "nobody answered in time, which is a refusal")
        }
        ConsentEnd::Ended => {
            (Action::ConsentEnded, process(minor), "withdrawn, and nobody came back in time")
        }
        ConsentEnd::AccountClosed => (Action::ConsentEnded, process(minor), "the minor's account is closed"),
    };
    let happening = Happening::new(action, consent).with("minor", minor);
    audit::note(connection, happening, Doer::new(&by, reason)).await
}

/// What its process is called in the trail.
fn process(minor: UserId) -> String {
    format!("process:consent/{minor}")
}

/// A pot that is its owner's own from now on. Personal: the title is the owner's own words.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedPot {
    pub pot: PotId,
    pub title: String,
}

impl fmt::Debug for HandedPot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandedPot({})", self.pot)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandingOver {
    /// Now or before. These of their pots have not ended.
    HandedOver { pots: Vec<HandedPot> },
    StillMinor {
        born: BirthDate,
        /// The number of the consent's case that is to be decided, or holds: one more than there are that were rejected, or
        /// approved for another birth date.
        case: u32,
    },
    /// It was over before.
    Over { stage: ConsentStage },
}

/// Hands a minor's pots over to them, if they have come of age: nobody has to consent any more.
#[tracing::instrument(name = "db.consents.hand_over", skip(pool), err)]
pub async fn hand_over(pool: &Pool, consent: ConsentId, at: DateTime<Utc>) -> Result<HandingOver, Error> {
    let mut tx = pool.begin().await?;
    let found = lock(&mut tx, consent).await?.ok_or_else(|| Error::missing(CONSENTS, consent))?;
    if found.stage == ConsentStage::HandedOver {
        return Ok(HandingOver::HandedOver { pots: handed(&mut tx, found.minor).await? });
    }
    let Ok(handed_over) = found.stage.hand_over() else {
        return Ok(HandingOver::Over { stage: found.stage });
    };
    clearance::enter_all(&mut tx, found.minor).await?;
    let born = born(&mut tx, found.minor).await?;
    if born.is_minor_at(at) {
        let case = case_that_counts(&mut tx, consent).await?;
        return Ok(HandingOver::StillMinor { born, case });
    }
    write_stage(&mut tx, consent, handed_over, None, at).await?;
    events::write(&mut tx, consent, handed_over, at).await?;
    let happening = Happening::new(Action::ConsentHandedOver, consent).with("minor", found.minor);
    audit::note(&mut tx, happening, Doer::new(&process(found.minor), "the minor has come of age")).await?;
    clearance::follow(&mut tx, found.minor, at).await?;
    let pots = handed(&mut tx, found.minor).await?;
    tx.commit().await?;
    Ok(HandingOver::HandedOver { pots })
}

async fn case_that_counts(connection: &mut PgConnection, consent: ConsentId) -> Result<u32, Error> {
    let over = sqlx::query_scalar!(
        r#"select count(*) as "over!"
           from minors.cases join people.users on user_id = subject_id
           where consent_id = $1
             and (cases.stage = 'rejected' or (cases.stage = 'approved' and approved_birth_date <> birth_date))"#,
        consent.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(u32::try_from(over).unwrap_or(u32::MAX).saturating_add(1))
}

async fn handed(connection: &mut PgConnection, owner: UserId) -> Result<Vec<HandedPot>, Error> {
    let rows = sqlx::query!(
        "select pot_id, title from pots.pots
         where owner_id = $1 and stage not in ('settled', 'cancelled')
         order by pot_id",
        owner.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| HandedPot { pot: PotId::from_uuid(row.pot_id), title: row.title })
        .collect())
}
