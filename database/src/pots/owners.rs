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
//! Whether a guardian has to consent, and has (`clearance`), is looked at again in each of these places, and with the correction itself,
//! because the year may be what was wrong.
//!
//! The row is locked after the pot's own lock, never before: whoever corrects a date locks all pots of the person first.

use chrono::NaiveDate;
use sqlx::PgConnection;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::people::BirthDate;

use super::POTS;
use crate::Error;

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

/// A pot's birthday as it is written, and its owner's birth date, which stays as it is until the transaction ends.
#[derive(Clone, Copy)]
pub(super) struct Planned {
    pub(super) owner: UserId,
    pub(super) birthday: NaiveDate,
    pub(super) birth_date: BirthDate,
}

/// Ask under the pot's lock.
pub(super) async fn planned(connection: &mut PgConnection, pot: PotId) -> Result<Planned, Error> {
    let row = sqlx::query!(
        "select owner_id, birthday, birth_date
         from pots.pots
         join people.users on user_id = owner_id
         where pot_id = $1
         for share of users",
        pot.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing(POTS, pot))?;
    let owner = UserId::from_uuid(row.owner_id);
    Ok(Planned { owner, birthday: row.birthday, birth_date: BirthDate::new(row.birth_date) })
}
