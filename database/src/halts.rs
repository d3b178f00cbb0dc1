//! Halts: while one stands, no order to pay leaves.
//!
//! A rule of the books that does not hold sets one; a person lifts it. It stops payouts and nothing else: gifts arrive,
//! refunds that are due go back, and what was ordered before is followed to its end.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::audit::{Action, Happening};

use crate::audit::{self, Doer};
use crate::{Error, Pool};

/// The number of the lock that orders to pay share. Pots are locked by numbers of 64 random bits.
const LOCK: i64 = 0x0057_4f4c_4f00_0001;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// In words.
    pub reason: String,
    pub since: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halting {
    New,
    /// Payouts are stopped already, for the reason that was given first.
    Already,
}

/// Stops payouts. When this is acknowledged, no order that did not see it is still on its way.
#[tracing::instrument(name = "db.halts.halt", skip_all, err)]
pub async fn halt(pool: &Pool, reason: &str) -> Result<Halting, Error> {
    let mut tx = pool.begin().await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK).execute(&mut *tx).await?;
    let new = sqlx::query!(
        "insert into money.halts (halt_id, reason) values ($1, $2) on conflict do nothing",
        Uuid::now_v7(),
        reason,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(if new == 1 { Halting::New } else { Halting::Already })
}

/// Lets payouts go on; answers whether they were stopped.
#[tracing::instrument(name = "db.halts.lift", skip_all, err)]
pub async fn lift(pool: &Pool, doer: Doer<'_>) -> Result<bool, Error> {
    let mut tx = pool.begin().await?;
    let lifted = sqlx::query!(
        "update money.halts set lifted_at = clock_timestamp(), lifted_by = $1, lift_reason = $2
         where lifted_at is null",
        doer.by,
        doer.reason,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if lifted > 0 {
        audit::note(&mut tx, Happening::new(Action::PayoutsResumed, "payouts"), doer).await?;
    }
    tx.commit().await?;
    Ok(lifted > 0)
}

/// Why payouts are stopped, if they are.
#[tracing::instrument(name = "db.halts.standing", skip_all, err)]
pub async fn standing(database: impl PgExecutor<'_>) -> Result<Option<Halt>, Error> {
    let halt = sqlx::query_as!(Halt, "select reason, since from money.halts where lifted_at is null");
    Ok(halt.fetch_optional(database).await?)
}

/// Whether payouts are stopped; if they are not, none is stopped until the transaction ends.
pub(crate) async fn stands(connection: &mut PgConnection) -> Result<bool, Error> {
    sqlx::query!("select pg_advisory_xact_lock_shared($1)", LOCK).execute(&mut *connection).await?;
    let stands = sqlx::query_scalar!(
        r#"select exists (select from money.halts where lifted_at is null) as "stands!""#
    )
    .fetch_one(connection)
    .await?;
    Ok(stands)
}
