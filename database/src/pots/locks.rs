//! Who may rely on a pot, and who may change it.
//!
//! A hot pot is relied on by a crowd: every gift does, for as long as it takes to write it. Row locks let newcomers
//! who share pass by somebody who waits to change the row, so under a crowd without pauses a hold would wait for
//! ever, and each sharer would rewrite the row besides. An advisory lock queues in order, and writes nothing.
//!
//! Every function that changes a pot's stage or sets a hold, or whose effect depends on either, takes this lock
//! before it looks. Lifting a hold needs none: who does not see it lifted yet comes again.

use sqlx::PgConnection;
use wolo_domain::ids::PotId;
use wolo_domain::pots::PotStage;

use super::POTS;
use crate::Error;
use crate::rows::word;

/// What for a pot is locked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lock {
    /// To change the pot, when nobody who relies on it is under way any more.
    ToChange,
    /// To rely on the pot staying as it is; many can at once.
    ToRelyOn,
}

/// Locks a pot, whether it exists or not, until the transaction ends. What is read after this, in a statement of its
/// own, stays true that long.
pub(crate) async fn enter(connection: &mut PgConnection, pot: PotId, lock: Lock) -> Result<(), Error> {
    // Two pots with one number would share a lock, and wait for each other now and then; no more than that.
    let (high, low) = pot.uuid().as_u64_pair();
    let number = (high ^ low).cast_signed();
    match lock {
        Lock::ToChange => {
            sqlx::query!("select pg_advisory_xact_lock($1)", number).execute(connection).await?
        }
        Lock::ToRelyOn => {
            sqlx::query!("select pg_advisory_xact_lock_shared($1)", number).execute(connection).await?
        }
    };
    Ok(())
}

/// Locks a pot and says where it stands.
pub(crate) async fn lock(connection: &mut PgConnection, pot: PotId, lock: Lock) -> Result<PotStage, Error> {
    enter(connection, pot, lock).await?;
    let stage = sqlx::query_scalar!("select stage from pots.pots where pot_id = $1", pot.uuid())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| Error::missing(POTS, pot))?;
    word(&stage, POTS, "stage", pot)
}
