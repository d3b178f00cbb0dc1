//! What a closed pot owes its owner.

use chrono::{DateTime, NaiveDate, Utc};
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules, PayoutStage};
use wolo_domain::pots::{HoldReason, PotStage};

use super::{PAYOUTS, Payout, approvals, find, recipients};
use crate::pots::{self, Lock};
use crate::{Error, Pool, halts, ledger};

/// Whether a pot can be paid out, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The pot is empty.
    NothingToPay,
    /// Something that stops everything holds the pot.
    Held { reason: HoldReason },
    /// Gifts whose end is not known yet.
    DonationsPending { count: i64 },
    /// Wave's fees on gifts of these days (Dakar, by Wave's time of payment) are not in the books yet.
    FeesPending { days: Vec<NaiveDate> },
    /// The payout is written down and the pot is paying out. The order is the first one, or the one that stands.
    Ready {
        order: PayoutOrder,
        amount: Xof,
        /// How many people must still approve it.
        missing_approvals: u32,
        /// Wave may have executed the order.
        begun: bool,
    },
    /// It has been paid before.
    Paid { amount: Xof },
}

/// Plans the payout of a closed pot: everything that is in it, once everything that belongs in it is. The amount is
/// fixed here and never computed again, and so is how many people must approve it.
#[tracing::instrument(name = "db.payouts.plan", skip_all, fields(%pot), err)]
pub async fn plan(pool: &Pool, pot: PotId, rules: PayoutRules, at: DateTime<Utc>) -> Result<Plan, Error> {
    let mut tx = pool.begin().await?;
    // A gift that is being confirmed shares this lock, so it is counted as pending or seen in the balance.
    let stage = pots::lock(&mut tx, pot, Lock::ToChange).await?;
    let id = PayoutId::of_pot(pot);
    if let Some(planned) = find(&mut tx, id).await? {
        let missing = approvals::missing(&mut tx, id, planned.approvals_needed).await?;
        return Ok(stands(&planned, missing));
    }
    // A pot that was given up owes its owner nothing, whatever the process believes that asks.
    if stage == PotStage::Settled || stage.is_given_up() {
        return Ok(Plan::NothingToPay);
    }
    let to = stage.pay_out()?;
    if let Some(reason) = pots::stopping_hold(&mut tx, pot).await? {
        return Ok(Plan::Held { reason });
    }
    if halts::stands(&mut tx).await? {
        return Ok(Plan::Held { reason: HoldReason::Books });
    }
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from money.donations where pot_id = $1 and stage = 'requested'"#,
        pot.uuid(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if count > 0 {
        return Ok(Plan::DonationsPending { count });
    }
    let days = sqlx::query_scalar!(
        r#"select distinct (paid_at at time zone 'Africa/Dakar')::date as "day!"
           from money.donations
           where pot_id = $1 and stage = 'confirmed' and fee is null
           order by 1"#,
        pot.uuid(),
    )
    .fetch_all(&mut *tx)
    .await?;
    if !days.is_empty() {
        return Ok(Plan::FeesPending { days });
    }
    let amount = ledger::balance_within(&mut tx, Account::Pot(pot)).await?;
    if amount < Xof::ZERO {
        return Err(Error::inconsistent("money.ledger_entries", "amount", Account::Pot(pot)));
    }
    if amount.is_zero() {
        return Ok(Plan::NothingToPay);
    }
    sqlx::query!(
        "insert into money.payouts (payout_id, pot_id, amount, approvals_needed, planned_at)
         values ($1, $2, $3, $4, $5)",
        id.uuid(),
        pot.uuid(),
        amount.francs(),
        i32::try_from(rules.approvals_needed(amount)).unwrap_or(i32::MAX),
        at,
    )
    .execute(&mut *tx)
    .await
    .map_err(|error| match &error {
        // A payout of this pot under another id than the one that follows from the pot.
        sqlx::Error::Database(refusal) if refusal.constraint() == Some("payouts_one_per_pot") => {
            Error::inconsistent(PAYOUTS, "pot_id", pot)
        }
        _ => error.into(),
    })?;
    recipients::begin(&mut tx, id).await?;
    let planned = find(&mut tx, id).await?.ok_or_else(|| Error::missing(PAYOUTS, id))?;
    sqlx::query!("update pots.pots set stage = $2 where pot_id = $1", pot.uuid(), to.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(stands(&planned, planned.approvals_needed))
}

fn stands(planned: &Payout, missing_approvals: u32) -> Plan {
    let Payout { id, amount, .. } = *planned;
    match planned.stage {
        PayoutStage::Succeeded => Plan::Paid { amount },
        PayoutStage::Planned => {
            Plan::Ready { order: PayoutOrder::first(id), amount, missing_approvals, begun: false }
        }
        PayoutStage::Sent | PayoutStage::Unknown | PayoutStage::Refused => {
            let order = PayoutOrder { payout: id, number: planned.order_number };
            Plan::Ready { order, amount, missing_approvals, begun: planned.begun }
        }
    }
}
