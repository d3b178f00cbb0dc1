//! A birthday pot, from the day it is thought of to the day it is paid out.
//!
//! The pot is scheduled, opens thirty days before the birthday, reminds its owner, wishes a happy birthday, closes
//! at the end of the day (or earlier, when the owner says so), is paid out the day after, and thanks the givers.
//! It can be cancelled until it pays out, as long as no money would have to go back. It can be held: a hold stops
//! what it must and nothing else.
//!
//! Gifts never speak to this process, so a hundred thousand of them cost it nothing. Every moment of its life comes
//! in with its input; its state is what the query answers and what it carries into its next run.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::SearchAttributes;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ChildWorkflowOptions, ContinueAsNewOptions, ParentClosePolicy, WorkflowContext, WorkflowContextView,
    WorkflowResult, WorkflowTermination,
};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::pots::{Announcement, HoldReason, PotSettings, PotStage, Timeline};

use crate::payout::{Payout, PayoutInput, PayoutOutcome, PayoutPatience};
use crate::steps::donations::EndCheckouts;
use crate::steps::pots::{
    Announce, AnnouncePot, CancelPot, Cancelling, ClosePot, HoldPot, HoldPotStep, OpenPot, PotMoment,
    ReleasePot, ReleasePotStep, SchedulePot, SchedulePotStep, Scheduling, SettlePot,
};
use crate::waiting::{self, Woken};
use crate::{attributes, ids, patience, queues};

/// What a pot's process is started with, and carries on with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PotPlan {
    pub pot: PotId,
    pub owner: UserId,
    /// The request that made the pot: whoever asks with the same one made it, whoever asks with another found it.
    pub request: String,
    pub settings: PotSettings,
    pub timeline: Timeline,
    pub patience: PotPatience,
    /// The state of the run before this one.
    #[serde(default)]
    pub carried: Option<PotState>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PotPatience {
    pub payout: PayoutPatience,
    /// A run with more events than this carries its state into a new one at its next wait.
    pub continue_after_events: u32,
}

/// Where a pot's process stands; the answer to the query `state`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotState {
    /// Nothing before the pot is written down.
    pub scheduling: Option<Scheduling>,
    pub stage: Option<PotStage>,
    pub holds: BTreeSet<HoldReason>,
    /// How many of the timeline's occasions are behind us.
    pub occasions_done: usize,
    pub closed_at: Option<DateTime<Utc>>,
    pub close_asked: bool,
    pub cancel_asked: bool,
    /// Why the last wish to cancel was not granted.
    pub cancel_answer: Option<Cancelling>,
    /// What the process waits for, in words.
    pub waits_for: String,
    pub waits_until: Option<DateTime<Utc>>,
}

/// How a pot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PotOutcome {
    /// It was never made.
    NotScheduled,
    Cancelled,
    SettledEmpty,
    PaidOut {
        amount: Xof,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PotMade {
    /// The pot is this request's work.
    Scheduled,
    /// The owner has a pot for this birthday already.
    PotExists,
    OwnerUnknown,
}

/// A person's wish about a pot, with who has it and why; both end up in the process's history.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Wish {
    pub by: String,
    #[serde(default)]
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum WishAnswer {
    Done,
    /// The pot's stage does not allow it.
    NotPossible {
        stage: Option<PotStage>,
    },
    /// Money has been given and would have to go back first.
    HasDonations {
        count: i64,
    },
    /// Only what the hold waits for can lift it.
    NotYours {
        reason: HoldReason,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HoldWish {
    pub reason: HoldReason,
    pub by: String,
    pub note: String,
}

/// Why the story ends before its last page.
enum Ending {
    Early(PotOutcome),
    Broken(WorkflowTermination),
}

impl<E: Into<WorkflowTermination>> From<E> for Ending {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

#[workflow]
pub struct PotLifecycle {
    plan: PotPlan,
    state: PotState,
}

#[workflow_methods]
impl PotLifecycle {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut plan: PotPlan) -> Self {
        let state = plan.carried.take().unwrap_or_default();
        Self { plan, state }
    }

    #[run(name = "PotLifecycle")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<PotOutcome> {
        let outcome = match Self::live(ctx).await {
            Ok(outcome) | Err(Ending::Early(outcome)) => outcome,
            Err(Ending::Broken(termination)) => return Err(termination),
        };
        waiting::for_handlers(ctx).await?;
        Ok(outcome)
    }

    async fn live(ctx: &mut WorkflowContext<Self>) -> Result<PotOutcome, Ending> {
        Self::schedule(ctx).await?;
        Self::wait_for_the_opening(ctx).await?;
        Self::open(ctx).await?;
        Self::collect_until_closing(ctx).await?;
        Self::close(ctx).await?;
        Self::wait_for_the_day_after(ctx).await?;
        let payout = Self::pay_out(ctx).await?;
        Self::settle(ctx).await?;
        Self::thank_the_givers(ctx, payout).await
    }

    /// The maker's question: is there a pot now, and is it mine?
    #[update(name = "schedule")]
    pub async fn confirm_scheduled(ctx: &mut WorkflowContext<Self>, request: String) -> PotMade {
        let waiting = ctx.clone();
        let _ = waiting.wait_condition(|pot| pot.state.scheduling.is_some()).await;
        ctx.state(|pot| match &pot.state.scheduling {
            Some(Scheduling::Scheduled { .. }) if pot.plan.request == request => PotMade::Scheduled,
            Some(Scheduling::OwnerUnknown) => PotMade::OwnerUnknown,
            _ => PotMade::PotExists,
        })
    }

    /// The owner closes the pot before the day. Answered when it is closed.
    #[update(name = "close_now")]
    pub async fn close_now(ctx: &mut WorkflowContext<Self>, _wish: Wish) -> WishAnswer {
        if ctx.state(|pot| pot.state.stage) != Some(PotStage::Open) {
            return WishAnswer::NotPossible { stage: ctx.state(|pot| pot.state.stage) };
        }
        ctx.state_mut(|pot| pot.state.close_asked = true);
        let waiting = ctx.clone();
        let _ = waiting.wait_condition(|pot| pot.state.stage != Some(PotStage::Open)).await;
        match ctx.state(|pot| pot.state.stage) {
            Some(PotStage::Cancelled) => WishAnswer::NotPossible { stage: Some(PotStage::Cancelled) },
            _ => WishAnswer::Done,
        }
    }

    /// The pot is given up. Answered when it is cancelled, or cannot be.
    #[update(name = "cancel_now")]
    pub async fn cancel_now(ctx: &mut WorkflowContext<Self>, _wish: Wish) -> WishAnswer {
        if !ctx.state(Self::can_be_cancelled) {
            return WishAnswer::NotPossible { stage: ctx.state(|pot| pot.state.stage) };
        }
        ctx.state_mut(|pot| {
            pot.state.cancel_asked = true;
            pot.state.cancel_answer = None;
        });
        let waiting = ctx.clone();
        let _ = waiting.wait_condition(|pot| pot.state.cancel_answer.is_some()).await;
        match ctx.state(|pot| pot.state.cancel_answer) {
            Some(Cancelling::Cancelled) => WishAnswer::Done,
            Some(Cancelling::HasDonations { count }) => WishAnswer::HasDonations { count },
            Some(Cancelling::NotPossible { stage }) => WishAnswer::NotPossible { stage: Some(stage) },
            None => WishAnswer::NotPossible { stage: ctx.state(|pot| pot.state.stage) },
        }
    }

    /// A moderator stops the pot. Answered when it is written down: from then on no gift begins.
    #[update(name = "hold")]
    pub async fn hold(ctx: &mut WorkflowContext<Self>, wish: HoldWish) -> WishAnswer {
        if wish.reason != HoldReason::Moderation {
            return WishAnswer::NotYours { reason: wish.reason };
        }
        let hold =
            HoldPot { pot: Self::pot(ctx), reason: wish.reason, note: wish.note, at: waiting::now(ctx) };
        match ctx.execute_activity(HoldPotStep, hold, patience::own_books()).await {
            Ok(()) => {
                ctx.state_mut(|pot| pot.state.holds.insert(wish.reason));
                WishAnswer::Done
            }
            Err(_) => WishAnswer::NotPossible { stage: ctx.state(|pot| pot.state.stage) },
        }
    }

    /// A moderator lets the pot go on.
    #[update(name = "release")]
    pub async fn release(ctx: &mut WorkflowContext<Self>, wish: HoldWish) -> WishAnswer {
        if wish.reason != HoldReason::Moderation {
            return WishAnswer::NotYours { reason: wish.reason };
        }
        let release = ReleasePot { pot: Self::pot(ctx), reason: wish.reason, at: waiting::now(ctx) };
        match ctx.execute_activity(ReleasePotStep, release, patience::own_books()).await {
            Ok(()) => {
                ctx.state_mut(|pot| pot.state.holds.remove(&wish.reason));
                WishAnswer::Done
            }
            Err(_) => WishAnswer::NotPossible { stage: ctx.state(|pot| pot.state.stage) },
        }
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> PotState {
        self.state.clone()
    }

    /// Writes the pot down.
    async fn schedule(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if ctx.state(|pot| pot.state.scheduling.is_some()) {
            return Ok(());
        }
        let at = waiting::now(ctx);
        let pot = ctx.state(|pot| SchedulePot {
            pot: pot.plan.pot,
            owner: pot.plan.owner,
            settings: pot.plan.settings.clone(),
            timeline: pot.plan.timeline.clone(),
            at,
        });
        let scheduling = ctx.execute_activity(SchedulePotStep, pot, patience::own_books()).await?;
        let outcome = match &scheduling {
            Scheduling::Scheduled { holds } => {
                ctx.state_mut(|pot| pot.state.holds = holds.iter().copied().collect());
                Self::reach(ctx, PotStage::Scheduled);
                Ok(())
            }
            Scheduling::OwnerUnknown | Scheduling::PotExists => Err(Ending::Early(PotOutcome::NotScheduled)),
        };
        ctx.state_mut(|pot| pot.state.scheduling = Some(scheduling));
        outcome
    }

    /// A pot that is still held when its birthday ends was never open, and ends with it.
    async fn wait_for_the_opening(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        let (opens_at, closes_at) =
            ctx.state(|pot| (pot.plan.timeline.opens_at, pot.plan.timeline.closes_at));
        if !Self::is_at(ctx, PotStage::Scheduled) {
            return Ok(());
        }
        Self::wait(ctx, Some(opens_at), "its opening day", |_| false).await?;
        if Self::wait_while_stopped(ctx, Some(closes_at)).await? == Woken::Due {
            ctx.state_mut(|pot| pot.state.cancel_asked = true);
            Self::cancel_if_asked(ctx).await?;
        }
        Ok(())
    }

    async fn open(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if Self::is_at(ctx, PotStage::Scheduled) {
            ctx.execute_activity(OpenPot, Self::moment(ctx), patience::own_books()).await?;
            Self::reach(ctx, PotStage::Open);
        }
        Ok(())
    }

    /// Says what there is to say, each on its day, until the birthday is over or the owner has had enough.
    async fn collect_until_closing(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        while Self::is_at(ctx, PotStage::Open) {
            let (next, closes_at) = ctx.state(|pot| {
                let timeline = &pot.plan.timeline;
                (timeline.occasions.get(pot.state.occasions_done).copied(), timeline.closes_at)
            });
            let due = next.map_or(closes_at, |occasion| occasion.at.min(closes_at));
            if Self::wait(ctx, Some(due), "the end of the birthday", |pot| pot.state.close_asked).await?
                == Woken::Called
            {
                return Ok(());
            }
            match next {
                Some(occasion) => Self::announce(ctx, occasion.what).await?,
                None => return Ok(()),
            }
            ctx.state_mut(|pot| pot.state.occasions_done += 1);
        }
        Ok(())
    }

    /// From here on no gift begins. Pages that are still open at Wave are ended, so that their gifts end too.
    async fn close(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if Self::is_at(ctx, PotStage::Open) {
            let moment = Self::moment(ctx);
            ctx.execute_activity(ClosePot, moment, patience::own_books()).await?;
            ctx.state_mut(|pot| pot.state.closed_at = Some(moment.at));
            Self::reach(ctx, PotStage::Closed);
            let mut on_money = patience::walk_wave();
            on_money.task_queue = Some(queues::MONEY.to_owned());
            ctx.execute_activity(EndCheckouts, moment, on_money).await?;
        }
        Ok(())
    }

    async fn wait_for_the_day_after(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if Self::is_at(ctx, PotStage::Closed) {
            let now = waiting::now(ctx);
            let payout_at =
                ctx.state(|pot| pot.plan.timeline.pays_out_at(pot.state.closed_at.unwrap_or(now)));
            Self::wait(ctx, Some(payout_at), "the day of its payout", |_| false).await?;
            Self::wait_while_stopped(ctx, None).await?;
        }
        Ok(())
    }

    /// The payout is a process of its own, which may take days and people; the pot waits for its end.
    async fn pay_out(ctx: &mut WorkflowContext<Self>) -> Result<PayoutOutcome, Ending> {
        Self::reach(ctx, PotStage::PayingOut);
        let input = ctx.state(|pot| PayoutInput { pot: pot.plan.pot, patience: pot.plan.patience.payout });
        loop {
            match ctx.start_child_workflow(Payout::run, input, Self::payout_options(input.pot)).await {
                Ok(payout) => return Ok(payout.result().await?),
                // An earlier run of this pot (an operator's reset) has one going; its end will let ours find it paid.
                Err(temporalio_workflow::ChildWorkflowStartError::StartFailed { .. }) => {
                    let pause = Duration::from_secs(input.patience.recheck_seconds);
                    waiting::sleep(ctx, pause, "a payout that is running already").await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The books decide whether a payout is needed, so running its process again does no harm; ending the pot's
    /// process must not end it.
    fn payout_options(pot: PotId) -> ChildWorkflowOptions {
        ChildWorkflowOptions::builder()
            .workflow_id(ids::payout(pot))
            .task_queue(queues::MONEY.to_owned())
            .parent_close_policy(ParentClosePolicy::Abandon)
            .search_attributes(SearchAttributes::new([
                attributes::POT.value_set(pot.to_string()),
                attributes::STATUS.value_set("planning".to_owned()),
            ]))
            .build()
    }

    async fn settle(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        ctx.execute_activity(SettlePot, Self::moment(ctx), patience::own_books()).await?;
        Self::reach(ctx, PotStage::Settled);
        Ok(())
    }

    async fn thank_the_givers(
        ctx: &mut WorkflowContext<Self>,
        payout: PayoutOutcome,
    ) -> Result<PotOutcome, Ending> {
        let PayoutOutcome::Paid { amount } = payout else { return Ok(PotOutcome::SettledEmpty) };
        Self::announce(ctx, Announcement::Thanks).await?;
        Ok(PotOutcome::PaidOut { amount })
    }

    async fn announce(ctx: &mut WorkflowContext<Self>, what: Announcement) -> Result<(), Ending> {
        let announce = Announce { pot: Self::pot(ctx), what, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(AnnouncePot, announce, patience::own_books()).await?)
    }

    /// Waits for a moment, or for what calls earlier. A wish to cancel is granted here or answered; a run that has
    /// become long carries on as a new one.
    async fn wait(
        ctx: &mut WorkflowContext<Self>,
        due: Option<DateTime<Utc>>,
        waits_for: &str,
        called: impl Fn(&Self) -> bool,
    ) -> Result<Woken, Ending> {
        Self::say(ctx, waits_for, due);
        loop {
            Self::cancel_if_asked(ctx).await?;
            Self::carry_on_if_long(ctx)?;
            let history = ctx.clone();
            let woken = waiting::until(ctx, due, waits_for, |pot| {
                pot.state.cancel_asked || called(pot) || pot.is_worn(&history)
            })
            .await?;
            if woken == Woken::Due || ctx.state(&called) {
                return Ok(woken);
            }
        }
    }

    /// Waits as long as something stops the pot, but no longer than a moment.
    async fn wait_while_stopped(
        ctx: &mut WorkflowContext<Self>,
        at_most: Option<DateTime<Utc>>,
    ) -> Result<Woken, Ending> {
        while let Some(reason) = ctx.state(Self::stopped_by) {
            if Self::wait(ctx, at_most, reason.waits_for(), |pot| pot.stopped_by().is_none()).await?
                == Woken::Due
            {
                return Ok(Woken::Due);
            }
        }
        Ok(Woken::Called)
    }

    async fn cancel_if_asked(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if !ctx.state_mut(|pot| std::mem::take(&mut pot.state.cancel_asked)) {
            return Ok(());
        }
        let answer = ctx.execute_activity(CancelPot, Self::moment(ctx), patience::own_books()).await?;
        ctx.state_mut(|pot| pot.state.cancel_answer = Some(answer));
        if answer == Cancelling::Cancelled {
            Self::reach(ctx, PotStage::Cancelled);
            return Err(Ending::Early(PotOutcome::Cancelled));
        }
        Ok(())
    }

    fn carry_on_if_long(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if !ctx.state(|pot| pot.is_worn(ctx)) {
            return Ok(());
        }
        let plan = ctx.state(|pot| PotPlan { carried: Some(pot.state.clone()), ..pot.plan.clone() });
        match ctx.continue_as_new(plan, ContinueAsNewOptions::default()) {
            Ok(never) => match never {},
            Err(termination) => Err(Ending::Broken(termination)),
        }
    }

    /// The run is long, and nobody waits for an answer that only this run can give.
    fn is_worn(&self, ctx: &WorkflowContext<Self>) -> bool {
        let long = ctx.history_length() > self.plan.patience.continue_after_events
            || ctx.continue_as_new_suggested();
        long && !self.state.close_asked && !self.state.cancel_asked && ctx.all_handlers_finished()
    }

    fn stopped_by(&self) -> Option<HoldReason> {
        self.state.holds.iter().copied().find(|reason| reason.stops_everything())
    }

    fn can_be_cancelled(&self) -> bool {
        self.state.stage.is_some_and(|stage| stage.cancel().is_ok())
    }

    fn is_at(ctx: &WorkflowContext<Self>, stage: PotStage) -> bool {
        ctx.state(|pot| pot.state.stage == Some(stage))
    }

    fn pot(ctx: &WorkflowContext<Self>) -> PotId {
        ctx.state(|pot| pot.plan.pot)
    }

    fn moment(ctx: &WorkflowContext<Self>) -> PotMoment {
        PotMoment { pot: Self::pot(ctx), at: waiting::now(ctx) }
    }

    /// A new stage, where operators look for it.
    fn reach(ctx: &WorkflowContext<Self>, stage: PotStage) {
        ctx.state_mut(|pot| pot.state.stage = Some(stage));
        ctx.upsert_search_attributes([attributes::STATUS.value_set(stage.to_string())]);
    }

    /// What the pot waits for, in words and as a time to sort by.
    fn say(ctx: &WorkflowContext<Self>, waits_for: &str, until: Option<DateTime<Utc>>) {
        ctx.state_mut(|pot| {
            pot.state.waits_for = waits_for.to_owned();
            pot.state.waits_until = until;
        });
        ctx.set_current_details(format!("waits for {waits_for}"));
        ctx.upsert_search_attributes([match until {
            Some(due) => attributes::DUE_AT.value_set(std::time::SystemTime::from(due).into()),
            None => attributes::DUE_AT.value_unset(),
        }]);
    }
}
