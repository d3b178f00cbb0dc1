//! Moving a pot that has not opened, because its owner's birth date was corrected.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use wolo_domain::ids::PotId;
use wolo_domain::pots::{Announcement, HoldReason, PotStage, Timeline};

use super::lifecycle::write_announcement;
use super::{Lock, holds, lock, owners};
use crate::{Error, Pool, clearance};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moving {
    Moved {
        /// What holds the pot now.
        holds: Vec<HoldReason>,
    },
    /// It is too late: people were told of the day.
    NotPossible { stage: PotStage },
    /// The owner's birthday in that year is another one: the birth date was corrected once more.
    AnotherBirthday { birthday: NaiveDate },
}

/// Gives a scheduled pot the days of its owner's birthday, which is one of the same year; its name follows from the year. Its
/// owner is told of it once, unless the pot opens at once and tells of itself.
#[tracing::instrument(name = "db.pots.move_birthday", skip_all, fields(%pot), err)]
pub async fn move_birthday(
    pool: &Pool,
    pot: PotId,
    timeline: &Timeline,
    at: DateTime<Utc>,
) -> Result<Moving, Error> {
    let mut tx = pool.begin().await?;
    let stage = lock(&mut tx, pot, Lock::ToChange).await?;
    if stage != PotStage::Scheduled {
        return Ok(Moving::NotPossible { stage });
    }
    let owners::Planned { owner, birthday: was, birth_date } = owners::planned(&mut tx, pot).await?;
    let birthday = birth_date.celebrated_in(was.year());
    if timeline.birthday.year() != was.year() {
        return Err(Error::conflict("pots_keep_their_year"));
    }
    if timeline.birthday != birthday {
        return Ok(Moving::AnotherBirthday { birthday });
    }
    sqlx::query!(
        "update pots.pots set birthday = $2, opens_at = $3, closes_at = $4 where pot_id = $1",
        pot.uuid(),
        timeline.birthday,
        timeline.opens_at,
        timeline.closes_at,
    )
    .execute(&mut *tx)
    .await?;
    clearance::heed(&mut tx, pot, owner, at).await?;
    if was != birthday && timeline.opens_at > at {
        write_announcement(&mut tx, pot, Announcement::Moved { at }, at).await?;
    }
    let holds = holds::open_reasons(&mut tx, pot).await?;
    tx.commit().await?;
    Ok(Moving::Moved { holds })
}
