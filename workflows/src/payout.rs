//! Sending a pot's money to its owner, once, and knowing it.
//!
//! First everything about the pot must be known: no gift may be open, and Wave's fees on every gift must stand in
//! the books. Then the payout is planned and sent with a key that follows from the pot. An answer that is lost is
//! looked for: the same order is sent again with the same key, and Wave is asked; there is never a new key while
//! an end is unknown. After a quarter of an hour of not knowing, the pot is held and finance decides. A refusal
//! by Wave is known, so finance may correct what was wrong and order anew.
//!
//! The process refuses to guess: it ends when the money is known to be there, or when there was none to send.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutOrder;
use wolo_domain::pots::HoldReason;

use crate::steps::payouts::{
    FindPayout, FindPayoutStep, INSUFFICIENT_FUNDS, LoseSight, LoseSightOfPayout, PayoutAnswer, Plan,
    PlanPayout, PlanPayoutStep, SendPayout, SendPayoutStep,
};
use crate::steps::pots::{HoldPot, HoldPotStep, ReleasePot, ReleasePotStep};
use crate::steps::statements::{BookFees, BookFeesStep};
use crate::{attributes, patience, waiting};

/// What a payout's process is started with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PayoutInput {
    pub pot: PotId,
    pub patience: PayoutPatience,
}

/// How long a payout waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutPatience {
    /// Between two looks at gifts, fees or a hold that are in the way.
    pub recheck_seconds: u64,
    /// Between two tries to find out what became of an order.
    pub retry_seconds: u64,
    /// Not knowing for so long holds the pot for finance.
    pub unknown_after_seconds: u64,
    /// Between two tries while the Wave wallet is short.
    pub float_retry_seconds: u64,
}

/// Where the process stands; the answer to the query `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutStatus {
    pub order: Option<PayoutOrder>,
    pub amount: Xof,
    /// Why the payout waits for a person or for money.
    pub held: Option<HoldReason>,
    /// What it waits for, in words.
    pub waits_for: String,
    /// A decision that has been taken and not been carried out yet.
    pub decision: Option<Decision>,
}

/// What finance may decide about a payout that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Ask Wave once more about the same order, and send it again with the same key.
    AskAgain,
    /// Finance has found the payout in Wave's portal; its record is read and checked before it is believed.
    Found { wave_payout_id: String },
    /// What made Wave refuse has been put right: order anew. Only after a refusal.
    OrderAnew,
}

/// A decision with who took it and why; both end up in the process's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resolve {
    pub decision: Decision,
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Resolving {
    Accepted,
    /// The payout does not wait for that.
    Refused {
        why: String,
    },
}

/// How the payout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PayoutOutcome {
    NothingToPay,
    Paid { amount: Xof },
}

#[workflow]
pub struct Payout {
    input: PayoutInput,
    status: PayoutStatus,
    /// Holds that this payout has put on its pot, to be lifted when it is done.
    placed: BTreeSet<HoldReason>,
}

#[workflow_methods]
impl Payout {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: PayoutInput) -> Self {
        Self { input, status: PayoutStatus::default(), placed: BTreeSet::new() }
    }

    #[run(name = "Payout")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<PayoutOutcome> {
        let outcome = match Self::plan(ctx).await? {
            Planned::Empty => PayoutOutcome::NothingToPay,
            Planned::Paid(amount) => PayoutOutcome::Paid { amount },
            Planned::Order(order, amount) => {
                Self::send_until_paid(ctx, order).await?;
                PayoutOutcome::Paid { amount }
            }
        };
        waiting::for_handlers(ctx).await?;
        Ok(outcome)
    }

    /// Finance decides about a payout that waits for a person.
    #[update(name = "resolve")]
    pub fn resolve(&mut self, _ctx: &mut SyncWorkflowContext<Self>, resolve: Resolve) -> Resolving {
        let why = match (self.status.held, &resolve.decision) {
            _ if resolve.reason.trim().is_empty() => "a decision needs a reason",
            (Some(HoldReason::PayoutUnknown), Decision::OrderAnew) => {
                "the end of the last order is unknown: ordering anew could pay twice"
            }
            (Some(HoldReason::PayoutUnknown | HoldReason::PayoutRefused), _) => {
                self.status.decision = Some(resolve.decision);
                return Resolving::Accepted;
            }
            _ => "the payout does not wait for a decision",
        };
        Resolving::Refused { why: why.to_owned() }
    }

    #[query(name = "status")]
    pub fn status(&self, _ctx: &WorkflowContextView) -> PayoutStatus {
        self.status.clone()
    }

    /// Waits until everything about the pot is known, and writes the payout down.
    async fn plan(ctx: &mut WorkflowContext<Self>) -> Result<Planned, WorkflowTermination> {
        loop {
            let plan = PlanPayout { pot: Self::pot(ctx), at: waiting::now(ctx) };
            match ctx.execute_activity(PlanPayoutStep, plan, patience::own_books()).await? {
                Plan::NothingToPay => return Ok(Planned::Empty),
                Plan::Paid { amount } => return Ok(Planned::Paid(amount)),
                Plan::Ready { order, amount } => {
                    Self::stand(ctx, "paying_out", "Wave's answer", None);
                    ctx.state_mut(|payout| {
                        payout.status.order = Some(order);
                        payout.status.amount = amount;
                    });
                    return Ok(Planned::Order(order, amount));
                }
                Plan::FeesPending { days } => Self::book_fees(ctx, &days).await?,
                Plan::DonationsPending { count } => {
                    Self::wait_to_look_again(ctx, &format!("{count} gifts whose end is not known yet"))
                        .await?;
                }
                Plan::Held { reason } => Self::wait_to_look_again(ctx, reason.waits_for()).await?,
            }
        }
    }

    /// Brings Wave's fees into the books. Wave's statement may lag behind, so a day that brought nothing new is
    /// looked at again later.
    async fn book_fees(
        ctx: &mut WorkflowContext<Self>,
        days: &[chrono::NaiveDate],
    ) -> Result<(), WorkflowTermination> {
        let mut booked = 0;
        for &day in days {
            booked +=
                ctx.execute_activity(BookFeesStep, BookFees { day }, patience::walk_wave()).await?.booked;
        }
        if booked == 0 {
            Self::wait_to_look_again(ctx, "Wave's statement to show the fees of all gifts").await?;
        }
        Ok(())
    }

    async fn wait_to_look_again(
        ctx: &mut WorkflowContext<Self>,
        waits_for: &str,
    ) -> Result<(), WorkflowTermination> {
        Self::stand(ctx, "waiting", waits_for, None);
        let pause = ctx.state(|payout| payout.input.patience.recheck_seconds);
        waiting::sleep(ctx, Duration::from_secs(pause), waits_for).await
    }

    /// Sends an order until the money is known to have arrived, through holds and people's decisions.
    async fn send_until_paid(
        ctx: &mut WorkflowContext<Self>,
        first: PayoutOrder,
    ) -> Result<(), WorkflowTermination> {
        let mut order = first;
        let mut hint = None;
        loop {
            let answer = Self::send_until_known(ctx, order, hint.take()).await?;
            let decision = match answer {
                PayoutAnswer::Succeeded => return Self::release(ctx).await,
                PayoutAnswer::FloatShort => {
                    Self::wait_for_float(ctx).await?;
                    continue;
                }
                PayoutAnswer::Held { reason } => {
                    Self::wait_to_look_again(ctx, reason.waits_for()).await?;
                    continue;
                }
                // Refused only because the wallet was short, and proven not to have happened: a matter of float, not
                // of finance. Wave would answer the same key with the same refusal for ever.
                PayoutAnswer::Refused { code } if code == INSUFFICIENT_FUNDS => {
                    Self::wait_for_float(ctx).await?;
                    order = Self::order_anew(ctx, order);
                    continue;
                }
                PayoutAnswer::Refused { code } => {
                    Self::ask_finance(
                        ctx,
                        HoldReason::PayoutRefused,
                        format!("Wave refused the payout: {code}"),
                    )
                    .await?
                }
                PayoutAnswer::Unclear { why } => {
                    let lost = LoseSight { order, at: waiting::now(ctx) };
                    ctx.execute_activity(LoseSightOfPayout, lost, patience::own_books()).await?;
                    Self::ask_finance(
                        ctx,
                        HoldReason::PayoutUnknown,
                        format!("nobody knows whether it was paid: {why}"),
                    )
                    .await?
                }
            };
            match decision {
                Decision::AskAgain => {}
                Decision::Found { wave_payout_id } => hint = Some(wave_payout_id),
                Decision::OrderAnew => order = Self::order_anew(ctx, order),
            }
        }
    }

    /// One order: sends it, and while the answer is unclear sends it again with the same key and asks Wave, until
    /// patience ends.
    async fn send_until_known(
        ctx: &mut WorkflowContext<Self>,
        order: PayoutOrder,
        hint: Option<String>,
    ) -> Result<PayoutAnswer, WorkflowTermination> {
        if let Some(wave_payout_id) = hint {
            return Self::find(ctx, order, Some(wave_payout_id)).await;
        }
        let patience = ctx.state(|payout| payout.input.patience);
        let give_up_at = waiting::now(ctx) + Duration::from_secs(patience.unknown_after_seconds);
        loop {
            let send = SendPayout { order, at: waiting::now(ctx) };
            let answer = ctx.execute_activity(SendPayoutStep, send, patience::ask_wave()).await?;
            if !matches!(answer, PayoutAnswer::Unclear { .. }) {
                return Ok(answer);
            }
            let answer = Self::find(ctx, order, None).await?;
            if !matches!(answer, PayoutAnswer::Unclear { .. }) || waiting::now(ctx) >= give_up_at {
                return Ok(answer);
            }
            Self::stand(ctx, "unclear", "Wave to say whether the payout went through", None);
            waiting::sleep(ctx, Duration::from_secs(patience.retry_seconds), "asking Wave again").await?;
        }
    }

    async fn find(
        ctx: &mut WorkflowContext<Self>,
        order: PayoutOrder,
        wave_payout_id: Option<String>,
    ) -> Result<PayoutAnswer, WorkflowTermination> {
        let find = FindPayout { order, wave_payout_id, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(FindPayoutStep, find, patience::ask_wave()).await?)
    }

    /// The wallet is short: the pot is held, nothing failed, and the payout is tried again.
    async fn wait_for_float(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        Self::hold(ctx, HoldReason::Float, "the Wave wallet cannot cover the payout".to_owned()).await?;
        let pause = ctx.state(|payout| payout.input.patience.float_retry_seconds);
        waiting::sleep(ctx, Duration::from_secs(pause), "the Wave wallet is short").await
    }

    /// Holds the pot and waits for finance, however long it takes.
    async fn ask_finance(
        ctx: &mut WorkflowContext<Self>,
        reason: HoldReason,
        note: String,
    ) -> Result<Decision, WorkflowTermination> {
        Self::hold(ctx, reason, note).await?;
        waiting::until(ctx, None, reason.waits_for(), |payout| payout.status.decision.is_some()).await?;
        let decision = ctx.state_mut(|payout| payout.status.decision.take()).unwrap_or(Decision::AskAgain);
        Self::stand(ctx, "paying_out", "Wave's answer", None);
        Ok(decision)
    }

    fn order_anew(ctx: &mut WorkflowContext<Self>, refused: PayoutOrder) -> PayoutOrder {
        let order = refused.next();
        ctx.state_mut(|payout| payout.status.order = Some(order));
        order
    }

    async fn hold(
        ctx: &mut WorkflowContext<Self>,
        reason: HoldReason,
        note: String,
    ) -> Result<(), WorkflowTermination> {
        let hold = HoldPot { pot: Self::pot(ctx), reason, note, at: waiting::now(ctx) };
        ctx.execute_activity(HoldPotStep, hold, patience::own_books()).await?;
        ctx.state_mut(|payout| payout.placed.insert(reason));
        Self::stand(ctx, reason.as_str(), reason.waits_for(), Some(reason));
        Ok(())
    }

    /// The payout is done: lifts every hold that it may have put on the pot.
    async fn release(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        for reason in ctx.state_mut(|payout| std::mem::take(&mut payout.placed)) {
            let release = ReleasePot { pot: Self::pot(ctx), reason, at: waiting::now(ctx) };
            ctx.execute_activity(ReleasePotStep, release, patience::own_books()).await?;
        }
        Self::stand(ctx, "paid", "", None);
        Ok(())
    }

    fn pot(ctx: &WorkflowContext<Self>) -> PotId {
        ctx.state(|payout| payout.input.pot)
    }

    /// Says where the process stands: to the query, to the search attributes and to the Temporal UI.
    fn stand(ctx: &WorkflowContext<Self>, status: &str, waits_for: &str, held: Option<HoldReason>) {
        ctx.state_mut(|payout| {
            payout.status.waits_for = waits_for.to_owned();
            payout.status.held = held;
        });
        let needs_human = matches!(held, Some(HoldReason::PayoutUnknown | HoldReason::PayoutRefused));
        ctx.upsert_search_attributes([
            attributes::STATUS.value_set(status.to_owned()),
            attributes::NEEDS_HUMAN.value_set(needs_human),
        ]);
        ctx.set_current_details(if waits_for.is_empty() {
            String::new()
        } else {
            format!("waits for {waits_for}")
        });
    }
}

/// What planning came to.
enum Planned {
    Empty,
    Paid(Xof),
    Order(PayoutOrder, Xof),
}
