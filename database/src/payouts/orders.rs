//! Orders: one instruction to pay, from the intent to Wave's last word on it.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use wolo_domain::evidence::payouts::Receipt;
use wolo_domain::ledger::Transaction;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutStage};
use wolo_domain::pots::HoldReason;

use super::{PAYOUTS, Payout, approvals, lock, recipients};
use crate::outbox::{self, Topic};
use crate::pots::{self, Lock};
use crate::{Error, Pool, discrepancies, halts, ledger, reconciliation};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The intent is committed: Wave may be asked, with the order's key and this amount.
    Begun {
        amount: Xof,
        /// Somebody had begun before, and may have asked Wave already.
        again: bool,
    },
    /// Nothing was sent, and nothing may be: something that stops everything holds the pot, or all payouts, or somebody must
    /// approve.
    Held {
        reason: HoldReason,
    },
    /// Wave has refused this very order for good.
    Refused {
        code: String,
    },
    /// Nothing was sent, and nothing may be: the account has another phone than the one that was checked and approved.
    OtherRecipient,
    Succeeded,
}

/// Writes the intent to send an order. Sending again what was sent is the same intent, held or not: a hold stops what
/// has not begun. A new order needs Wave's refusal of the one before.
#[tracing::instrument(name = "db.payouts.begin_order", skip_all, fields(order = order.key()), err)]
pub async fn begin_order(pool: &Pool, order: PayoutOrder, at: DateTime<Utc>) -> Result<Beginning, Error> {
    let mut tx = pool.begin().await?;
    let payout = lock(&mut tx, order.payout).await?;
    if payout.stage == PayoutStage::Succeeded {
        return Ok(Beginning::Succeeded);
    }
    let stands = order.number == payout.order_number;
    if stands && let Some(code) = payout.refusal_code {
        return Ok(Beginning::Refused { code });
    }
    let again = stands && payout.begun;
    if again {
        change(&mut tx, order, payout.stage.send()?).await?;
        count_beginning(&mut tx, order).await?;
    } else {
        let next = payout.order_number.checked_add(1) == Some(order.number);
        if !stands && (!next || !matches!(payout.stage, PayoutStage::Planned | PayoutStage::Refused)) {
            return Err(Error::conflict("payout_orders_one_alive"));
        }
        pots::lock(&mut tx, payout.pot, Lock::ToRelyOn).await?;
        if let Some(reason) = pots::stopping_hold(&mut tx, payout.pot).await? {
            return Ok(Beginning::Held { reason });
        }
        // What the statement says against the books counts from the moment in which it is written, not from the next check on.
        if halts::stands(&mut tx).await?
            || discrepancies::break_the_books(&mut tx).await?
            || reconciliation::lacks_a_gift(&mut tx, payout.pot).await?
        {
            return Ok(Beginning::Held { reason: HoldReason::Books });
        }
        let Some(clearance) = recipients::cleared(&mut tx, payout.id).await? else {
            return Ok(Beginning::OtherRecipient);
        };
        if approvals::missing(&mut tx, payout.id, payout.approvals_needed).await? > 0 {
            return Ok(Beginning::Held { reason: HoldReason::Approval });
        }
        insert(&mut tx, order, clearance, payout.stage.send()?, at).await?;
    }
    tx.commit().await?;
    Ok(Beginning::Begun { amount: payout.amount, again })
}

async fn count_beginning(connection: &mut PgConnection, order: PayoutOrder) -> Result<(), Error> {
    sqlx::query!(
        "update money.payout_orders set begun = begun + 1 where payout_id = $1 and number = $2",
        order.payout.uuid(),
        number(order)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back the beginning of a first call that was proven not to have been executed, so that the next call is a first one
/// again. Nothing happens when somebody has begun the order since: their call may be on its way.
#[tracing::instrument(name = "db.payouts.take_back_beginning", skip_all, fields(order = order.key()), err)]
pub async fn take_back_beginning(pool: &Pool, order: PayoutOrder) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    lock(&mut tx, order.payout).await?;
    sqlx::query!(
        "update money.payout_orders set begun = 0
         where payout_id = $1 and number = $2 and begun = 1 and outcome in ('open', 'unknown')",
        order.payout.uuid(),
        number(order)?,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Writes the intent of a first call: of a new order, or of one whose earlier calls were all proven not to have been executed.
async fn insert(
    connection: &mut PgConnection,
    order: PayoutOrder,
    clearance: u32,
    to: PayoutStage,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let number = number(order)?;
    sqlx::query!(
        "insert into money.payout_orders as known (payout_id, number, key, sent_at, clearance) values ($1, $2, $3, $4, $5)
         on conflict on constraint payout_orders_in_sequence do update
             set begun = 1, begun_at = clock_timestamp(), sent_at = excluded.sent_at, clearance = excluded.clearance,
                 outcome = 'open'
             where known.begun = 0",
        order.payout.uuid(),
        number,
        order.key(),
        at,
        i32::try_from(clearance).unwrap_or(i32::MAX),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update money.payouts set stage = $2, order_number = $3, sent_at = $4, refusal_code = null
         where payout_id = $1",
        order.payout.uuid(),
        to.as_str(),
        number,
        at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Books that Wave has paid. What arrived must be what was planned, to the franc.
#[tracing::instrument(name = "db.payouts.record_success", skip_all, fields(order = order.key()), err)]
pub async fn record_success(
    pool: &Pool,
    order: PayoutOrder,
    receipt: &Receipt,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    let payout = current(&mut tx, order).await?;
    if receipt.received != payout.amount {
        return Err(Error::inconsistent(PAYOUTS, "amount", order.payout));
    }
    if payout.stage == PayoutStage::Succeeded {
        return if payout.wave_payout_id.as_deref() == Some(&receipt.wave_payout_id)
            && payout.fee == Some(receipt.fee)
        {
            Ok(())
        } else {
            Err(Error::inconsistent(PAYOUTS, "wave_payout_id", order.payout))
        };
    }
    let to = payout.stage.succeed()?;
    let wave_id = receipt.wave_payout_id.clone();
    let posting = Transaction::payout(order.payout, payout.pot, receipt.received, wave_id)?;
    ledger::post(&mut tx, &posting).await?;
    if !receipt.fee.is_zero() {
        ledger::post(&mut tx, &Transaction::payout_fee(order, receipt.fee)?).await?;
    }
    sqlx::query!(
        "update money.payouts set stage = $2, wave_payout_id = $3, fee = $4, ended_at = $5 where payout_id = $1",
        order.payout.uuid(),
        to.as_str(),
        receipt.wave_payout_id,
        receipt.fee.francs(),
        at,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update money.payout_orders set outcome = 'succeeded', ended_at = $3 where payout_id = $1 and number = $2",
        order.payout.uuid(),
        number(order)?,
        at,
    )
    .execute(&mut *tx)
    .await?;
    let payload = json!({ "payout": order.payout, "pot": payout.pot, "amount": payout.amount });
    outbox::write(&mut tx, Topic::PayoutSucceeded, &order.payout.to_string(), payout.pot, payload).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down that Wave refused an order for good.
#[tracing::instrument(name = "db.payouts.record_refusal", skip_all, fields(order = order.key(), code), err)]
pub async fn record_refusal(
    pool: &Pool,
    order: PayoutOrder,
    code: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    let payout = current(&mut tx, order).await?;
    if payout.stage != PayoutStage::Refused {
        refuse(&mut tx, &payout, order, code, at).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Writes down that Wave refused the first call of an order for good. Answers `false`, and writes nothing, when somebody has
/// begun the order again since: their call may be on its way, and a refusal of ours says nothing about it.
#[tracing::instrument(name = "db.payouts.record_refusal_of_call", skip_all, fields(order = order.key(), code), err)]
pub async fn record_refusal_of_call(
    pool: &Pool,
    order: PayoutOrder,
    code: &str,
    at: DateTime<Utc>,
) -> Result<bool, Error> {
    let mut tx = pool.begin().await?;
    let payout = current(&mut tx, order).await?;
    if payout.stage == PayoutStage::Refused {
        return Ok(true);
    }
    // Whoever began first has not taken it back, so one beginning is theirs.
    let begun = sqlx::query_scalar!(
        "select begun from money.payout_orders where payout_id = $1 and number = $2",
        order.payout.uuid(),
        number(order)?,
    )
    .fetch_one(&mut *tx)
    .await?;
    if begun > 1 {
        return Ok(false);
    }
    refuse(&mut tx, &payout, order, code, at).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn refuse(
    connection: &mut PgConnection,
    payout: &Payout,
    order: PayoutOrder,
    code: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let to = payout.stage.refuse()?;
    sqlx::query!(
        "update money.payouts set stage = $2, refusal_code = $3 where payout_id = $1",
        order.payout.uuid(),
        to.as_str(),
        code,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update money.payout_orders set outcome = 'refused', refusal_code = $3, ended_at = $4
         where payout_id = $1 and number = $2",
        order.payout.uuid(),
        number(order)?,
        code,
        at,
    )
    .execute(&mut *connection)
    .await?;
    let payload = json!({ "payout": order.payout, "pot": payout.pot, "order": order.number, "code": code });
    outbox::write(connection, Topic::PayoutRefused, &order.key(), payout.pot, payload).await
}

/// Writes down that nobody knows how an order ended. One whose end is known stays as it is.
#[tracing::instrument(name = "db.payouts.lose_sight", skip_all, fields(order = order.key()), err)]
pub async fn lose_sight(pool: &Pool, order: PayoutOrder) -> Result<PayoutStage, Error> {
    let mut tx = pool.begin().await?;
    let payout = current(&mut tx, order).await?;
    if matches!(payout.stage, PayoutStage::Succeeded | PayoutStage::Refused) {
        return Ok(payout.stage);
    }
    let to = payout.stage.lose_sight()?;
    change(&mut tx, order, to).await?;
    tx.commit().await?;
    Ok(to)
}

/// The payout of an order, if the order is the one that counts.
pub(super) async fn current(connection: &mut PgConnection, order: PayoutOrder) -> Result<Payout, Error> {
    let payout = lock(connection, order.payout).await?;
    if payout.order_number == order.number {
        Ok(payout)
    } else {
        Err(Error::conflict("payout_orders_in_sequence"))
    }
}

/// Moves the payout and its order between sent and unknown.
async fn change(connection: &mut PgConnection, order: PayoutOrder, to: PayoutStage) -> Result<(), Error> {
    sqlx::query!(
        "update money.payouts set stage = $2 where payout_id = $1",
        order.payout.uuid(),
        to.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update money.payout_orders set outcome = $3 where payout_id = $1 and number = $2",
        order.payout.uuid(),
        number(order)?,
        if to == PayoutStage::Unknown { "unknown" } else { "open" },
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) fn number(order: PayoutOrder) -> Result<i32, Error> {
    i32::try_from(order.number).map_err(|_| Error::conflict("payout_orders_in_sequence"))
}
