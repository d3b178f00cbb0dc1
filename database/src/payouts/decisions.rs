//! What finance decided about a payout that waited for a person.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::PayoutId;

use super::{lock, recipients};
use crate::audit::{self, Doer};
use crate::rows::count;
use crate::{Error, Pool};

const DECISIONS: &str = "money.payout_decisions";

/// That the recipient is the right one; it is asked for again when a process begins anew.
const ACCEPT: &str = "accept";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The number of the order that stood, begun or not.
    pub order: u32,
    /// In the process's word, such as `order_anew`.
    pub what: String,
    pub wave_payout_id: Option<String>,
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Writes a decision down, once.
#[tracing::instrument(name = "db.payouts.record_decision", skip_all, fields(%payout, what = decision.what), err)]
pub async fn record_decision(pool: &Pool, payout: PayoutId, decision: &Decision) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    lock(&mut tx, payout).await?;
    let (clearance, _) = recipients::latest(&mut tx, payout).await?;
    let written = sqlx::query!(
        "insert into money.payout_decisions
             (payout_id, decided_at, order_number, clearance, decision, wave_payout_id, decided_by, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict on constraint payout_decisions_one_at_a_time do nothing",
        payout.uuid(),
        decision.at,
        i32::try_from(decision.order).unwrap_or(i32::MAX),
        i32::try_from(clearance).unwrap_or(i32::MAX),
        decision.what,
        decision.wave_payout_id,
        decision.by,
        decision.reason,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if written == 1 {
        let happening = Happening::new(Action::PayoutDecided, payout)
            .with("decision", &decision.what)
            .with("order", decision.order);
        audit::note(&mut tx, happening, Doer::new(&decision.by, &decision.reason)).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Whether finance has accepted the recipient of a clearance.
pub(super) async fn accepts(
    connection: &mut PgConnection,
    payout: PayoutId,
    clearance: u32,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from money.payout_decisions where payout_id = $1 and clearance = $2 and decision = $3
           ) as "accepted!""#,
        payout.uuid(),
        i32::try_from(clearance).unwrap_or(i32::MAX),
        ACCEPT,
    )
    .fetch_one(connection)
    .await?)
}

/// What was decided about a payout, in that order.
#[tracing::instrument(name = "db.payouts.decisions", skip_all, fields(%payout), err)]
pub async fn decisions(pool: &Pool, payout: PayoutId) -> Result<Vec<Decision>, Error> {
    let rows = sqlx::query!(
        "select order_number, decision, wave_payout_id, decided_by, reason, decided_at
         from money.payout_decisions
         where payout_id = $1
         order by decided_at",
        payout.uuid(),
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Decision {
                order: count(row.order_number, DECISIONS, "order_number", payout)?,
                what: row.decision,
                wave_payout_id: row.wave_payout_id,
                by: row.decided_by,
                reason: row.reason,
                at: row.decided_at,
            })
        })
        .collect()
}
