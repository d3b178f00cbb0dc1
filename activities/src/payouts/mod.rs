//! Sending a pot's money, once, and knowing it.
//!
//! Whether an order may have reached Wave is told by its row alone, never by this process's memory:
//!
//! - *Not begun.* Nothing can have happened, so every failure up to the call is simply tried again, and a refusal of the
//!   call is final. A call that is proven not to have been executed takes its beginning back, so the next one is such a call.
//! - *Begun.* It may have been paid. Wave is asked by our reference first, and only an order that it does not show is sent
//!   again, with the same key. From here on whatever is not Wave's own evidence is *unclear*, and it is the process that
//!   decides how long that may last.
//!
//! What came of an order is booked in the same deed that learned it. An order that is known is not asked about again.

mod clearing;
mod evidence;
mod finding;
mod sending;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::payouts::{self, Payout};
use wolo_database::{Pool, pots};
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::payouts::{PayoutOrder, PayoutStage};
use wolo_domain::pots::HoldReason;
use wolo_providers::wave::Wave;
use wolo_workflows::steps::payouts::{
    ApprovePayout, ApprovePayoutStep, Approving, FindPayout, FindPayoutStep, LoseSight, LoseSightOfPayout,
    PayoutAnswer, Plan, PlanPayout, PlanPayoutStep, RecipientCheck, RecordDecision, RecordDecisionStep,
    RuleOut, RuleOutPayout, SendPayout, SendPayoutStep, VerifyRecipient, VerifyRecipientStep,
};

use evidence::Evidence;

use crate::alive::while_doing;

pub struct PayoutSteps {
    pool: Pool,
    wave: Wave,
}

/// The process speaks of a payout that nobody has planned.
#[derive(Debug, thiserror::Error)]
#[error("there is no payout {0}")]
struct NoSuchPayout(PayoutId);

impl PayoutSteps {
    pub fn new(pool: Pool, wave: Wave) -> Self {
        Self { pool, wave }
    }

    async fn planned(&self, order: PayoutOrder) -> Result<Payout, ActivityError> {
        Ok(payouts::payout(&self.pool, order.payout).await?.ok_or(NoSuchPayout(order.payout))?)
    }

    /// Holds that stand on a pot because of its payout.
    async fn placed(&self, pot: PotId) -> Result<Vec<HoldReason>, ActivityError> {
        let holds = pots::pot(&self.pool, pot).await?.map(|pot| pot.holds).unwrap_or_default();
        Ok(holds.into_iter().map(|hold| hold.reason).filter(|reason| reason.is_of_a_payout()).collect())
    }

    /// Books what the evidence proves about an order, if it proves anything.
    async fn book(
        &self,
        order: PayoutOrder,
        evidence: Evidence,
        at: DateTime<Utc>,
    ) -> Result<PayoutAnswer, ActivityError> {
        Ok(match evidence {
            Evidence::Paid(receipt) => {
                payouts::record_success(&self.pool, order, &receipt, at).await?;
                PayoutAnswer::Succeeded
            }
            Evidence::Refused { code } => {
                payouts::record_refusal(&self.pool, order, &code, at).await?;
                PayoutAnswer::Refused { code }
            }
            Evidence::None { why } => unclear(order, why),
        })
    }
}

/// A span of the settings. The longest that there is stands for any that is longer.
fn span(seconds: u64) -> TimeDelta {
    TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1_000))
}

/// What the row says about an order whose end is known, or which is not the one that counts any more.
fn known(payout: &Payout, order: PayoutOrder) -> Option<PayoutAnswer> {
    match (&payout.refusal_code, payout.stage) {
        (_, PayoutStage::Succeeded) => Some(PayoutAnswer::Succeeded),
        _ if payout.order_number > order.number => {
            Some(PayoutAnswer::Overtaken { by: PayoutOrder { number: payout.order_number, ..order } })
        }
        (Some(code), _) if payout.order_number == order.number => {
            Some(PayoutAnswer::Refused { code: code.clone() })
        }
        _ => None,
    }
}

fn unclear(order: PayoutOrder, why: String) -> PayoutAnswer {
    tracing::warn!(order = order.key(), why, "it is not known whether a payout went through");
    PayoutAnswer::Unclear { why }
}

#[activities]
impl PayoutSteps {
    #[activity(definition = PlanPayoutStep)]
    pub async fn plan(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: PlanPayout,
    ) -> Result<Plan, ActivityError> {
        Ok(match payouts::plan(&self.pool, input.pot, input.rules, input.at).await? {
            payouts::Plan::NothingToPay => Plan::NothingToPay,
            payouts::Plan::Held { reason } => Plan::Held { reason },
            payouts::Plan::DonationsPending { count } => Plan::DonationsPending { count },
            payouts::Plan::FeesPending { days } => Plan::FeesPending { days },
            payouts::Plan::Ready { order, amount, missing_approvals, begun } => {
                Plan::Ready { order, amount, missing_approvals, begun, placed: self.placed(input.pot).await? }
            }
            payouts::Plan::Paid { amount } => Plan::Paid { amount, placed: self.placed(input.pot).await? },
        })
    }

    #[activity(definition = VerifyRecipientStep)]
    pub async fn verify_recipient(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: VerifyRecipient,
    ) -> Result<RecipientCheck, ActivityError> {
        while_doing(&ctx, self.check_recipient(input.payout)).await
    }

    #[activity(definition = ApprovePayoutStep)]
    pub async fn approve(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: ApprovePayout,
    ) -> Result<Approving, ActivityError> {
        let ApprovePayout { payout, by, reason, at } = input;
        let approval = payouts::Approval { by, reason, at };
        Ok(match payouts::approve(&self.pool, payout, &approval).await? {
            payouts::Approving::Approved { missing } => Approving::Approved { missing },
            payouts::Approving::Already { missing } => Approving::Already { missing },
            payouts::Approving::NotFinance => Approving::NotFinance,
            payouts::Approving::OwnPot => Approving::OwnPot,
            payouts::Approving::NotNeeded => Approving::NotNeeded,
        })
    }

    #[activity(definition = SendPayoutStep)]
    pub async fn send(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: SendPayout,
    ) -> Result<PayoutAnswer, ActivityError> {
        let payout = self.planned(input.order).await?;
        if let Some(answer) = known(&payout, input.order) {
            Ok(answer)
        } else if payout.order_number < input.order.number || !payout.begun {
            while_doing(&ctx, self.send_for_the_first_time(input, payout.amount)).await
        } else {
            while_doing(&ctx, self.send_again(input, payout.amount)).await
        }
    }

    #[activity(definition = FindPayoutStep)]
    pub async fn find(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: FindPayout,
    ) -> Result<PayoutAnswer, ActivityError> {
        let payout = self.planned(input.order).await?;
        match known(&payout, input.order) {
            Some(answer) => Ok(answer),
            None => while_doing(&ctx, self.look_up(input, payout.amount)).await,
        }
    }

    #[activity(definition = LoseSightOfPayout)]
    pub async fn lose_sight(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: LoseSight,
    ) -> Result<(), ActivityError> {
        // One whose end has become known meanwhile stays known, and so does one that another order has overtaken.
        if known(&self.planned(input.order).await?, input.order).is_none() {
            payouts::lose_sight(&self.pool, input.order).await?;
        }
        Ok(())
    }

    #[activity(definition = RuleOutPayout)]
    pub async fn rule_out(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: RuleOut,
    ) -> Result<PayoutAnswer, ActivityError> {
        let payout = self.planned(input.order).await?;
        match known(&payout, input.order) {
            Some(answer) => Ok(answer),
            None => while_doing(&ctx, self.find_never_paid(input, payout.amount)).await,
        }
    }

    #[activity(definition = RecordDecisionStep)]
    pub async fn record_decision(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: RecordDecision,
    ) -> Result<(), ActivityError> {
        let RecordDecision { payout, order, decision, wave_payout_id, by, reason, at } = input;
        let decision = payouts::Decision { order, what: decision, wave_payout_id, by, reason, at };
        Ok(payouts::record_decision(&self.pool, payout, &decision).await?)
    }
}
