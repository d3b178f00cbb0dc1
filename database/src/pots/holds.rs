//! Holds: asked for once, lifted once, and kept as history.
//!
//! A hold is named by its pot, its reason and its instant. An attempt that comes late, after the hold was lifted or
//! after a newer one was set, therefore changes nothing.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::PotId;
use wolo_domain::pots::HoldReason;

use super::{HOLDS, Lock, lock};
use crate::rows::word;
use crate::{Error, Pool};

/// Holds a pot. A pot that is held for this reason already stays so, with its first note.
#[tracing::instrument(name = "db.pots.hold", skip_all, fields(%pot, %reason), err)]
pub async fn hold(
    pool: &Pool,
    pot: PotId,
    reason: HoldReason,
    note: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    // Whoever relies on the pot not being held (a gift, an order to pay) shares this lock: when the hold is
    // acknowledged, nothing that did not see it is still under way.
    lock(&mut tx, pot, Lock::ToChange).await?;
    write(&mut tx, pot, reason, note, at).await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn write(
    connection: &mut PgConnection,
    pot: PotId,
    reason: HoldReason,
    note: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into pots.holds (pot_id, reason, note, since) values ($1, $2, $3, $4) on conflict do nothing",
        pot.uuid(),
        reason.as_str(),
        note,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lifts a hold that was set before this instant. A pot that is not held for this reason stays as it is.
#[tracing::instrument(name = "db.pots.release", skip_all, fields(%pot, %reason), err)]
pub async fn release(pool: &Pool, pot: PotId, reason: HoldReason, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update pots.holds set released_at = $3
         where pot_id = $1 and reason = $2 and released_at is null and since <= $3",
        pot.uuid(),
        reason.as_str(),
        at,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Nothing waits for a pot that has ended. What keeps everybody else from seeing it does so still.
pub(super) async fn release_all(
    connection: &mut PgConnection,
    pot: PotId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update pots.holds set released_at = greatest($2, since)
         where pot_id = $1 and released_at is null and reason not in ('consent', 'moderation')",
        pot.uuid(),
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Why a pot is held now.
#[tracing::instrument(name = "db.pots.held_by", skip_all, fields(%pot), err)]
pub async fn held_by(pool: &Pool, pot: PotId) -> Result<Vec<HoldReason>, Error> {
    open_reasons(&mut *pool.acquire().await?, pot).await
}

pub(super) async fn open_reasons(
    connection: &mut PgConnection,
    pot: PotId,
) -> Result<Vec<HoldReason>, Error> {
    let found = sqlx::query_scalar!(
        "select reason from pots.holds where pot_id = $1 and released_at is null order by since, reason",
        pot.uuid(),
    )
    .fetch_all(connection)
    .await?;
    reasons(&found, pot)
}

pub(crate) fn reasons(found: &[String], pot: PotId) -> Result<Vec<HoldReason>, Error> {
    found.iter().map(|reason| word(reason, HOLDS, "reason", pot)).collect()
}

/// The first hold, if any, that stops everything. Ask under the pot's lock.
pub(crate) async fn stopping_hold(
    connection: &mut PgConnection,
    pot: PotId,
) -> Result<Option<HoldReason>, Error> {
    let reasons = open_reasons(connection, pot).await?;
    Ok(reasons.into_iter().find(|reason| reason.stops_everything()))
}
