//! What a pot follows from: the day on which its owner was born.
//!
//! An operator may correct a birth date while a pot is made, opened or moved. Whoever corrects it locks the person's row; whoever
//! makes, opens or moves a pot shares that lock from when they look at the date until they have written what follows from it. So
//! one of the two comes first, wherever they meet:
//!
//! | the correction commits | what becomes of the pot |
//! |---|---|
//! | before the pot is written | it is not written for the wrong day: whoever makes it is told the right one and plans anew |
//! | after that, before it opens | the operator's command finds it scheduled and moves it; if that command died, or the pot is at its opening, it does not open: its process is told the right day and moves it, or gives it up where that day is over |
//! | while it opens | the correction waits for the lock, finds it open and is refused: everybody was told its day |
//! | after it has opened | it is refused |
//! | twice, and the first move comes last | the move is not written: it is for another birthday than the owner's |
//!
//! Whether a guardian has to consent is looked at again in each of these places, because the year may be what was wrong.
//!
//! The row is locked after the pot's own lock, never before: whoever corrects a date locks no pot.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;
use wolo_domain::pots::HoldReason;

use super::{POTS, holds};
use crate::Error;

/// Why a minor's pot is held.
const OF_A_MINOR: &str = "the owner is a minor when the pot opens";

/// When somebody was born. It is not corrected before the transaction ends.
pub(super) async fn birth_date(
    connection: &mut PgConnection,
    owner: UserId,
) -> Result<Option<BirthDate>, Error> {
    let day = sqlx::query_scalar!(
        "select birth_date from people.users where user_id = $1 for share",
        owner.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(day.map(BirthDate::new))
}

/// Whether somebody's account is being closed. Ask after [`birth_date`], whose lock keeps the answer true.
pub(super) async fn is_leaving(connection: &mut PgConnection, owner: UserId) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from people.users where user_id = $1 and closing_at is not null
           ) as "leaving!""#,
        owner.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

/// A pot's days as they are written, and its owner's birth date, which stays as it is until the transaction ends.
#[derive(Clone, Copy)]
pub(super) struct Planned {
    pub(super) birthday: NaiveDate,
    pub(super) opens_at: DateTime<Utc>,
    pub(super) birth_date: BirthDate,
}

/// Ask under the pot's lock.
pub(super) async fn planned(connection: &mut PgConnection, pot: PotId) -> Result<Planned, Error> {
    let row = sqlx::query!(
        "select birthday, opens_at, birth_date
         from pots.pots
         join people.users on user_id = owner_id
         where pot_id = $1
         for share of users",
        pot.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing(POTS, pot))?;
    Ok(Planned { birthday: row.birthday, opens_at: row.opens_at, birth_date: BirthDate::new(row.birth_date) })
}

/// Holds a pot for consent whose owner will be a minor when it opens, unless a guardian was asked for it before; lifts the hold of
/// one whose owner will not, because nobody has to consent.
pub(super) async fn hold_if_minor(
    connection: &mut PgConnection,
    pot: PotId,
    birth_date: BirthDate,
    opens_at: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    if !birth_date.is_minor_at(opens_at) {
        return holds::was_mistaken(connection, pot, HoldReason::Consent, at).await;
    }
    if holds::was_asked_for(connection, pot, HoldReason::Consent).await? {
        return Ok(());
    }
    holds::write(connection, pot, HoldReason::Consent, OF_A_MINOR, at).await
}
