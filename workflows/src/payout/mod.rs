//! Sending a pot's money to its owner, once, and knowing it.
//!
//! First everything about the pot must be known: no gift may be open, and Wave's fees on every gift must stand in
//! the books. Then the payout is planned, Wave is asked whether its recipient is who we think, and two people approve it
//! when it is large. It is sent with a key that follows from the pot. An answer that is lost is
//! looked for: the same order is sent again with the same key, and Wave is asked; there is never a new key while
//! an end is unknown. After a quarter of an hour of not knowing, the pot is held and finance decides. A refusal
//! by Wave is known, so finance may correct what was wrong and order anew.
//!
//! The process refuses to guess: it ends when the money is known to be there, or when there was none to send.

mod clearance;
mod deciding;
mod messages;

use std::collections::BTreeSet;
use std::time::Duration;

pub use messages::{
    Approve, Decision, PayoutInput, PayoutOutcome, PayoutPatience, PayoutStatus, Resolve, Resolving,
};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

use crate::steps::payouts::{
    Approving, FindPayout, FindPayoutStep, INSUFFICIENT_FUNDS, LoseSight, LoseSightOfPayout, PayoutAnswer,
    Plan, PlanPayout, PlanPayoutStep, RuleOut, RuleOutPayout, SendPayout, SendPayoutStep,
};
use crate::steps::pots::{HoldPot, HoldPotStep, ReleasePot, ReleasePotStep};
use crate::steps::statements::{BookFees, BookFeesStep};
use crate::{attributes, patience, waiting};

#[workflow]
pub struct Payout {
    pot: PotId,
    patience: PayoutPatience,
    rules: PayoutRules,
    status: PayoutStatus,
    /// Holds that this payout has put on its pot, to be lifted when it is done.
    placed: BTreeSet<HoldReason>,
    /// How often it has looked in vain since something last moved.
    looks: u32,
    /// The decision that is being carried out.
    decided: Option<Resolve>,
}

#[workflow_methods]
impl Payout {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: PayoutInput) -> Self {
        let PayoutInput { pot, patience, rules, placed, looks } = input;
        Self { pot, patience, rules, status: PayoutStatus::default(), placed, looks, decided: None }
    }

    #[run(name = "Payout")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<PayoutOutcome> {
        let outcome = match Self::plan(ctx).await? {
            Planned::Empty => PayoutOutcome::NothingToPay,
            Planned::Paid(amount) => {
                Self::release(ctx).await?;
                PayoutOutcome::Paid { amount }
            }
            Planned::Order { order, amount, begun } => {
                if !begun {
                    Self::clear(ctx).await?;
                }
                Self::send_until_paid(ctx, order).await?;
                PayoutOutcome::Paid { amount }
            }
        };
        waiting::for_handlers(ctx).await?;
        Ok(outcome)
    }

    /// Finance decides about a payout that waits for a person: about the order that stands, and no other.
    #[update(name = "resolve")]
    pub fn resolve(&mut self, _ctx: &mut SyncWorkflowContext<Self>, resolve: Resolve) -> Resolving {
        self.take(resolve)
    }

    /// One person of finance approves the payout. Answered when it is written down.
    #[update(name = "approve")]
    pub async fn approve(ctx: &mut WorkflowContext<Self>, approve: Approve) -> Approving {
        Self::write_approval(ctx, approve).await
    }

    #[query(name = "status")]
    pub fn status(&self, _ctx: &WorkflowContextView) -> PayoutStatus {
        self.status.clone()
    }

    /// Waits until everything about the pot is known, and writes the payout down.
    async fn plan(ctx: &mut WorkflowContext<Self>) -> Result<Planned, WorkflowTermination> {
        loop {
            let (pot, rules) = ctx.state(|payout| (payout.pot, payout.rules));
            let plan = PlanPayout { pot, rules, at: waiting::now(ctx) };
            match ctx.execute_activity(PlanPayoutStep, plan, patience::own_books()).await? {
                Plan::NothingToPay => return Ok(Planned::Empty),
                Plan::Paid { amount, placed } => {
                    ctx.state_mut(|payout| payout.placed.extend(placed));
                    return Ok(Planned::Paid(amount));
                }
                Plan::Ready { order, amount, missing_approvals, begun, placed } => {
                    Self::stand(ctx, "paying_out", "Wave's answer", None);
                    ctx.state_mut(|payout| {
                        payout.looks = 0;
                        payout.placed.extend(placed);
                        payout.status.order = Some(order);
                        payout.status.amount = amount;
                        payout.status.missing_approvals = missing_approvals;
                    });
                    return Ok(Planned::Order { order, amount, begun });
                }
                Plan::FeesPending { days } => Self::book_fees(ctx, &days).await?,
                Plan::DonationsPending { count } => {
                    let gifts = if count == 1 { "gift" } else { "gifts" };
                    Self::wait_to_look_again(ctx, &format!("{count} {gifts} whose end is not known yet"))
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
        let today = wolo_domain::dakar::day_of(waiting::now(ctx));
        // A gift of a day's last seconds may stand on the next day's page.
        let days: BTreeSet<_> = days.iter().flat_map(|day| [Some(*day), day.succ_opt()]).flatten().collect();
        let mut booked = 0;
        for day in days.into_iter().filter(|day| *day <= today) {
            let fees = BookFees { day };
            booked += ctx.execute_activity(BookFeesStep, fees, patience::walk_wave()).await?.booked;
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
        Self::carry_on_if_long(ctx)?;
        let (patience, looks) = ctx.state(|payout| (payout.patience, payout.looks));
        let longest = patience.longest_pause_seconds;
        let pause = waiting::longer(patience.recheck_seconds, looks, longest);
        ctx.state_mut(|payout| payout.looks = looks.saturating_add(1));
        Self::stand(ctx, "waiting", waits_for, None);
        if looks > 0 && pause == Duration::from_secs(longest) {
            // It has waited long for what comes in minutes: somebody should look why.
            ctx.upsert_search_attributes([attributes::NEEDS_HUMAN.value_set(true)]);
        }
        waiting::sleep(ctx, pause, waits_for).await
    }

    /// A long run begins anew. The books know the plan and the order that stands; the holds are carried, and how long
    /// it has waited.
    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let most = ctx.state(|payout| payout.patience.continue_after_events);
        let long = ctx.history_length() > most || ctx.continue_as_new_suggested();
        if !long || !ctx.all_handlers_finished() {
            return Ok(());
        }
        let input = ctx.state(|payout| PayoutInput {
            pot: payout.pot,
            patience: payout.patience,
            rules: payout.rules,
            placed: payout.placed.clone(),
            looks: payout.looks,
        });
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }

    /// Sends an order until the money is known to have arrived, through holds and people's decisions.
    async fn send_until_paid(
        ctx: &mut WorkflowContext<Self>,
        first: PayoutOrder,
    ) -> Result<(), WorkflowTermination> {
        let mut order = first;
        let mut answer = Self::send_until_known(ctx, order).await?;
        loop {
            let decision = match answer {
                PayoutAnswer::Succeeded => return Self::release(ctx).await,
                PayoutAnswer::FloatShort => {
                    Self::wait_for_float(ctx).await?;
                    Decision::AskAgain
                }
                // What was checked and approved before does not count any more: another phone, or an approver without the role.
                PayoutAnswer::OtherRecipient | PayoutAnswer::Held { reason: HoldReason::Approval } => {
                    Self::clear(ctx).await?;
                    Decision::AskAgain
                }
                PayoutAnswer::Held { reason } => {
                    Self::wait_to_look_again(ctx, reason.waits_for()).await?;
                    Decision::AskAgain
                }
                // The rows know more than this process, which the engine may have begun from an older memory.
                PayoutAnswer::Overtaken { by } => {
                    order = Self::go_on_with(ctx, by);
                    Decision::AskAgain
                }
                // Refused only because the wallet was short, and proven not to have happened: a matter of float, not
                // of finance. Wave would answer the same key with the same refusal for ever.
                PayoutAnswer::Refused { code } if code == INSUFFICIENT_FUNDS => {
                    Self::wait_for_float(ctx).await?;
                    Decision::OrderAnew
                }
                PayoutAnswer::Refused { code } => {
                    Self::ask_finance(ctx, HoldReason::PayoutRefused, deciding::refusal_in_words(&code))
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
            answer = match decision {
                Decision::AskAgain | Decision::Accept => Self::send_until_known(ctx, order).await?,
                Decision::Found { wave_payout_id } => Self::find(ctx, order, Some(wave_payout_id)).await?,
                Decision::NeverPaid => Self::rule_out(ctx, order).await?,
                Decision::OrderAnew => {
                    order = Self::go_on_with(ctx, order.next());
                    Self::clear(ctx).await?;
                    Self::send_until_known(ctx, order).await?
                }
            };
        }
    }

    /// One order: sends it, and while the answer is unclear sends it again with the same key and asks Wave, until
    /// patience ends.
    async fn send_until_known(
        ctx: &mut WorkflowContext<Self>,
        order: PayoutOrder,
    ) -> Result<PayoutAnswer, WorkflowTermination> {
        let patience = ctx.state(|payout| payout.patience);
        let give_up_at = waiting::now(ctx) + Duration::from_secs(patience.unknown_after_seconds);
        loop {
            let send =
                SendPayout { order, same_key_seconds: patience.same_key_seconds, at: waiting::now(ctx) };
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

    /// Finance says that the order was never paid. What is missing for it to be believed comes back as unclear.
    async fn rule_out(
        ctx: &mut WorkflowContext<Self>,
        order: PayoutOrder,
    ) -> Result<PayoutAnswer, WorkflowTermination> {
        let after_seconds = ctx.state(|payout| payout.patience.never_paid_after_seconds);
        let rule_out = RuleOut { order, after_seconds, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(RuleOutPayout, rule_out, patience::ask_wave()).await?)
    }

    /// The wallet is short: the pot is held, nothing failed, and the payout is tried again.
    async fn wait_for_float(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        Self::carry_on_if_long(ctx)?;
        Self::hold(ctx, HoldReason::Float, "the Wave wallet cannot cover the payout".to_owned()).await?;
        let pause = ctx.state(|payout| payout.patience.float_retry_seconds);
        waiting::sleep(ctx, Duration::from_secs(pause), "the Wave wallet is short").await
    }

    fn go_on_with(ctx: &mut WorkflowContext<Self>, order: PayoutOrder) -> PayoutOrder {
        ctx.state_mut(|payout| payout.status.order = Some(order));
        order
    }

    async fn hold(
        ctx: &mut WorkflowContext<Self>,
        reason: HoldReason,
        note: String,
    ) -> Result<(), WorkflowTermination> {
        let hold = HoldPot { pot: Self::pot(ctx), reason, note: note.clone(), at: waiting::now(ctx) };
        ctx.execute_activity(HoldPotStep, hold, patience::own_books()).await?;
        ctx.state_mut(|payout| {
            payout.placed.insert(reason);
            payout.status.why = note;
        });
        Self::stand(ctx, reason.as_str(), reason.waits_for(), Some(reason));
        Ok(())
    }

    /// The payout is done: lifts every hold that it may have put on the pot.
    async fn release(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        for reason in ctx.state_mut(|payout| std::mem::take(&mut payout.placed)) {
            Self::lift(ctx, reason).await?;
        }
        Self::stand(ctx, "paid", "", None);
        Ok(())
    }

    async fn lift(ctx: &mut WorkflowContext<Self>, reason: HoldReason) -> Result<(), WorkflowTermination> {
        let release = ReleasePot { pot: Self::pot(ctx), reason, at: waiting::now(ctx) };
        ctx.execute_activity(ReleasePotStep, release, patience::own_books()).await?;
        Ok(())
    }

    fn pot(ctx: &WorkflowContext<Self>) -> PotId {
        ctx.state(|payout| payout.pot)
    }

    /// Says where the process stands: to the query, to the search attributes and to the Temporal UI.
    fn stand(ctx: &WorkflowContext<Self>, status: &str, waits_for: &str, held: Option<HoldReason>) {
        ctx.state_mut(|payout| {
            payout.status.waits_for = waits_for.to_owned();
            payout.status.held = held;
            if held.is_none() {
                payout.status.why.clear();
            }
        });
        let needs_human = held.is_some_and(HoldReason::needs_finance);
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
    Order { order: PayoutOrder, amount: Xof, begun: bool },
}
