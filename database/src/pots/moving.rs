//! Moving a pot that has not opened, because its owner's birth date was corrected.

use chrono::{DateTime, Utc};
use wolo_domain::ids::PotId;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::{HoldReason, PotStage, Timeline};

use super::{Lock, OF_A_MINOR, holds, lock};
use crate::{Error, Pool};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moving {
    Moved {
        /// What holds the pot now.
        holds: Vec<HoldReason>,
    },
    /// It is too late: people were told of the day.
    NotPossible { stage: PotStage },
}

/// Gives a scheduled pot the days of another birthday of the same year; its name follows from the year. One whose owner will be a
/// minor when it opens is held for consent, unless a guardian was asked for it before.
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
    let owner = sqlx::query!(
        r#"update pots.pots set birthday = $2, opens_at = $3, closes_at = $4
           from people.users
           where pot_id = $1 and user_id = owner_id and extract(year from birthday) = extract(year from $2::date)
           returning birth_date,
                     exists (select from pots.holds where holds.pot_id = $1 and reason = 'consent') as "asked!""#,
        pot.uuid(),
        timeline.birthday,
        timeline.opens_at,
        timeline.closes_at,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| Error::conflict("pots_keep_their_year"))?;
    if BirthDate::new(owner.birth_date).is_minor_at(timeline.opens_at) && !owner.asked {
        holds::write(&mut tx, pot, HoldReason::Consent, OF_A_MINOR, at).await?;
    }
    let holds = holds::open_reasons(&mut tx, pot).await?;
    tx.commit().await?;
    Ok(Moving::Moved { holds })
}
