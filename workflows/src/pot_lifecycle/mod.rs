//! A birthday pot, from the day it is thought of to the day it is paid out.
//!
//! The pot is scheduled, opens thirty days before the birthday, reminds its owner, wishes a happy birthday, closes
//! at the end of the day (or earlier, when the owner says so), is paid out the day after, and thanks the givers.
//! It can be given up until it pays out: then every gift goes back, and the pot is cancelled when the last one has.
//! It can be held: a hold stops what it must and nothing else. Until it opens it can be moved, when its owner's birth
//! date was wrong; it never opens for another day than its owner's.
//!
//! A process that is started for a pot that is there already (somebody ended the one before) goes on where the pot stands.
//!
//! Gifts never speak to this process, so a hundred thousand of them cost it nothing. Every moment of its life comes
//! in with its input; its state is what the query answers and what it carries into its next run.

mod cancelling;
mod messages;
mod moving;
mod stages;
mod waits;

pub use messages::{
    CreditWish, HoldWish, MoveWish, PotMade, PotOutcome, PotPatience, PotPlan, PotState, Wish, WishAnswer,
};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    SyncWorkflowContext, WorkflowCancellationError, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use wolo_domain::ids::PotId;
use wolo_domain::pots::{HoldReason, PotStage};

use crate::steps::points::{ConvertPoints, ConvertPointsStep, Converting};
use crate::steps::pots::{
    Cancelling, HoldPot, HoldPotStep, PotMoment, ReleasePot, ReleasePotStep, Scheduling,
};
use crate::{attributes, patience, waiting};

#[expect(clippy::struct_excessive_bools, reason = "each is one thing that is under way, or not")]
#[workflow]
pub struct PotLifecycle {
    plan: PotPlan,
    state: PotState,
    /// Its opening is being written down: others may see the pot open a moment before its process hears of it.
    opening: bool,
    /// A moderator's word is being carried out, or the pot is being moved. One comes after another: a word that hangs must
    /// not undo a later one.
    moderating: bool,
    /// Its days are being written anew. It does not open meanwhile.
    moving: bool,
    /// What a guardian or a reviewer decided has set or lifted a hold since this process looked.
    holds_changed: bool,
    /// It pays out, and hears a wish to cancel all the same: its payout may not have been planned.
    hears_wishes: bool,
}

#[workflow_methods]
impl PotLifecycle {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, mut plan: PotPlan) -> Self {
        let state = plan.carried.take().unwrap_or_default();
        Self {
            plan,
            state,
            opening: false,
            moderating: false,
            moving: false,
            holds_changed: false,
            hears_wishes: false,
        }
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

    /// The maker's question: is there a pot now, and is it mine?
    #[update(name = "schedule")]
    pub async fn confirm_scheduled(ctx: &mut WorkflowContext<Self>, request: String) -> PotMade {
        waiting::known(ctx, |pot| {
            pot.state.scheduling.as_ref().map(|scheduling| match scheduling {
                Scheduling::Scheduled { .. } if pot.plan.request == request => PotMade::Scheduled,
                Scheduling::Scheduled { .. } | Scheduling::PotExists => PotMade::PotExists,
                Scheduling::OwnerUnknown => PotMade::OwnerUnknown,
                Scheduling::AnotherBirthday { .. } => PotMade::BirthdayOver,
            })
        })
        .await
    }

    /// The owner closes the pot before the day. Answered when it is closed.
    #[update(name = "close_now")]
    pub async fn close_now(ctx: &mut WorkflowContext<Self>, _wish: Wish) -> WishAnswer {
        if Self::know_the_stage(ctx).await.is_err() || !Self::is_at(ctx, PotStage::Open) {
            return Self::not_possible(ctx);
        }
        ctx.state_mut(|pot| pot.state.close_asked = true);
        let left = |pot: &Self| pot.state.stage.filter(|stage| *stage != PotStage::Open);
        match waiting::until_known(ctx, left).await {
            Ok(PotStage::Closed | PotStage::PayingOut | PotStage::Settled) => WishAnswer::Done,
            Ok(_) | Err(_) => Self::not_possible(ctx),
        }
    }

    /// The pot is given up. Answered when that is written down: from then on no gift begins, and what is there goes back.
    #[update(name = "cancel_now")]
    pub async fn cancel_now(ctx: &mut WorkflowContext<Self>, _wish: Wish) -> WishAnswer {
        if Self::know_the_stage(ctx).await.is_err() || !ctx.state(Self::can_be_cancelled) {
            return Self::not_possible(ctx);
        }
        if !Self::is_at(ctx, PotStage::Cancelling) {
            ctx.state_mut(|pot| {
                pot.state.cancel_asked = true;
                pot.state.cancel_answer = None;
            });
        }
        match waiting::until_known(ctx, Self::cancel_answer).await {
            Ok(Cancelling::Cancelled) => WishAnswer::Done,
            Ok(Cancelling::GivingBack { count, .. }) => WishAnswer::GivingBack { count },
            Ok(Cancelling::NotPossible { stage }) => WishAnswer::NotPossible { stage: Some(stage) },
            Err(_) => Self::not_possible(ctx),
        }
    }

    /// The pot's row says that it is given up. A process that knows that goes on; one that has forgotten it begins again.
    #[signal(name = "given_up")]
    pub fn given_up(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        if self.can_be_cancelled() && self.state.stage != Some(PotStage::Cancelling) {
            self.state.cancel_asked = true;
        }
    }

    /// A guardian's consent or an identity has changed, and with it what holds the pot. The books say how.
    #[signal(name = "holds_changed")]
    pub fn holds_changed(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.holds_changed = true;
    }

    /// A moderator stops the pot. Answered when it is written down: from then on no gift begins.
    #[update(name = "hold")]
    pub async fn hold(ctx: &mut WorkflowContext<Self>, wish: HoldWish) -> WishAnswer {
        Self::wait_for_the_other_moderator(ctx).await;
        let answer = Self::write_hold(ctx, wish).await;
        ctx.state_mut(|pot| pot.moderating = false);
        answer
    }

    /// A moderator lets the pot go on.
    #[update(name = "release")]
    pub async fn release(ctx: &mut WorkflowContext<Self>, wish: HoldWish) -> WishAnswer {
        Self::wait_for_the_other_moderator(ctx).await;
        let answer = Self::write_release(ctx, wish).await;
        ctx.state_mut(|pot| pot.moderating = false);
        answer
    }

    /// Somebody turns points into credit for the pot. Answered when it is booked, or when it is not to be.
    #[update(name = "credit")]
    pub async fn credit(ctx: &mut WorkflowContext<Self>, wish: CreditWish) -> Converting {
        let CreditWish { conversion, user, points, credit, budget } = wish;
        let (pot, at) = (Self::pot(ctx), waiting::now(ctx));
        let convert = ConvertPoints { conversion, user, points, credit, pot, budget, at };
        match ctx.execute_activity(ConvertPointsStep, convert, patience::own_books()).await {
            Ok(converting) => converting,
            // The process is cancelled. What became of it is told to whoever asks again, by the process after this one.
            Err(_) => std::future::pending().await,
        }
    }

    /// The owner's birth date was wrong. Answered when the pot has its right days; it opens on the new one.
    #[update(name = "move_birthday")]
    pub async fn move_birthday(ctx: &mut WorkflowContext<Self>, wish: MoveWish) -> WishAnswer {
        Self::wait_for_the_other_moderator(ctx).await;
        let answer = Self::write_move(ctx, wish).await;
        ctx.state_mut(|pot| (pot.moderating, pot.moving) = (false, false));
        answer
    }

    #[query(name = "state")]
    pub fn state(&self, _ctx: &WorkflowContextView) -> PotState {
        self.state.clone()
    }
}

impl PotLifecycle {
    async fn wait_for_the_other_moderator(ctx: &mut WorkflowContext<Self>) {
        waiting::known(ctx, |pot| (!pot.moderating).then_some(())).await;
        ctx.state_mut(|pot| pot.moderating = true);
    }

    async fn write_hold(ctx: &mut WorkflowContext<Self>, wish: HoldWish) -> WishAnswer {
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
            Err(_) => Self::not_possible(ctx),
        }
    }

    async fn write_release(ctx: &mut WorkflowContext<Self>, wish: HoldWish) -> WishAnswer {
        if wish.reason != HoldReason::Moderation {
            return WishAnswer::NotYours { reason: wish.reason };
        }
        if Self::know_the_stage(ctx).await.is_err() {
            return Self::not_possible(ctx);
        }
        if !ctx.state(|pot| pot.state.holds.contains(&wish.reason)) {
            return WishAnswer::NotHeld;
        }
        let release = ReleasePot { pot: Self::pot(ctx), reason: wish.reason, at: waiting::now(ctx) };
        match ctx.execute_activity(ReleasePotStep, release, patience::own_books()).await {
            Ok(()) => {
                ctx.state_mut(|pot| pot.state.holds.remove(&wish.reason));
                WishAnswer::Done
            }
            Err(_) => Self::not_possible(ctx),
        }
    }

    async fn live(ctx: &mut WorkflowContext<Self>) -> Result<PotOutcome, Ending> {
        Self::schedule(ctx).await?;
        Self::go_on_cancelling(ctx).await?;
        Self::wait_for_the_opening(ctx).await?;
        Self::open(ctx).await?;
        Self::collect_until_closing(ctx).await?;
        Self::close(ctx).await?;
        Self::wait_for_the_day_after(ctx).await?;
        let payout = Self::pay_out(ctx).await?;
        Self::settle(ctx).await?;
        Self::thank_the_givers(ctx, payout).await
    }

    fn stopped_by(&self) -> Option<HoldReason> {
        self.state.holds.iter().copied().find(|reason| reason.stops_everything())
    }

    /// Lets a step end that changes what the pot may be asked for.
    async fn know_the_stage(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowCancellationError> {
        let known = |pot: &Self| (pot.state.scheduling.is_some() && !pot.opening).then_some(());
        waiting::until_known(ctx, known).await
    }

    /// What was wished for did not come about, and the pot stands where it stands.
    fn not_possible(ctx: &WorkflowContext<Self>) -> WishAnswer {
        WishAnswer::NotPossible { stage: ctx.state(|pot| pot.state.stage) }
    }

    /// While it pays out the books are asked: the payout may not have been planned.
    fn can_be_cancelled(&self) -> bool {
        self.state.stage.is_some_and(|stage| {
            stage.cancel().is_ok() || (stage == PotStage::PayingOut && self.hears_wishes)
        })
    }

    /// The pot may settle before it hears the wish; then the answer is that it is too late.
    fn cancel_answer(&self) -> Option<Cancelling> {
        let too_late = || self.state.stage.filter(|_| !self.can_be_cancelled());
        self.state.cancel_answer.or_else(|| too_late().map(|stage| Cancelling::NotPossible { stage }))
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
