//! The stages of a pot's life, in their order. Each is skipped when an earlier run has been through it.

use std::time::Duration;

use futures::future::FusedFuture;
use temporalio_common::SearchAttributes;
use temporalio_workflow::{
    ChildWorkflowExecutionError, ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy,
    WorkflowContext,
};
use wolo_domain::dakar;
use wolo_domain::ids::PotId;
use wolo_domain::pots::{Announcement, PotStage};

use super::{Ending, PotLifecycle, PotOutcome};
use crate::payout::{Payout, PayoutInput, PayoutOutcome};
use crate::steps::donations::{EndCheckouts, EndCheckoutsStep};
use crate::steps::pots::{
    Announce, AnnouncePot, ClosePot, Found, OpenPot, Opening, SchedulePot, SchedulePotStep, Scheduling,
    SettlePot,
};
use crate::waiting::{self, Woken};
use crate::{attributes, ids, patience, queues};

/// From this change on a pot that pays out hears a wish to cancel.
const GIVEN_UP_BEFORE_THE_PAYOUT: &str = "2026-11-27-given-up-before-the-payout";

impl PotLifecycle {
    /// Writes the pot down.
    pub(super) async fn schedule(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if ctx.state(|pot| pot.state.scheduling.is_some()) {
            return Ok(());
        }
        let scheduling = Self::write_down(ctx).await?;
        let outcome = match &scheduling {
            Scheduling::Scheduled { holds, found } => {
                ctx.state_mut(|pot| pot.state.holds = holds.iter().copied().collect());
                if let Some(found) = found {
                    Self::take_up(ctx, *found)
                } else {
                    Self::reach(ctx, PotStage::Scheduled);
                    Ok(())
                }
            }
            Scheduling::OwnerUnknown | Scheduling::PotExists | Scheduling::AnotherBirthday { .. } => {
                Err(Ending::Early(PotOutcome::NotScheduled))
            }
        };
        ctx.state_mut(|pot| pot.state.scheduling = Some(scheduling));
        outcome
    }

    /// The owner's birth date may have been corrected since the pot was planned; then it is planned anew, unless that birthday
    /// is over.
    async fn write_down(ctx: &mut WorkflowContext<Self>) -> Result<Scheduling, Ending> {
        loop {
            let at = waiting::now(ctx);
            let pot = ctx.state(|pot| SchedulePot {
                pot: pot.plan.pot,
                owner: pot.plan.owner,
                settings: pot.plan.settings.clone(),
                timeline: pot.plan.timeline.clone(),
                at,
            });
            let scheduling = ctx.execute_activity(SchedulePotStep, pot, patience::own_books()).await?;
            let Scheduling::AnotherBirthday { birthday } = scheduling else { return Ok(scheduling) };
            let Some(timeline) = Self::planned_for(ctx, birthday) else { return Ok(scheduling) };
            ctx.state_mut(|pot| pot.plan.timeline = timeline);
        }
    }

    /// The pot goes on where a process before this one left it. What should have been said on an earlier day stays unsaid;
    /// what was said today is not said twice.
    fn take_up(ctx: &mut WorkflowContext<Self>, found: Found) -> Result<(), Ending> {
        let today = dakar::day_of(waiting::now(ctx));
        ctx.state_mut(|pot| {
            let occasions = &pot.plan.timeline.occasions;
            pot.state.occasions_done = occasions.partition_point(|one| dakar::day_of(one.at) < today);
            pot.state.closed_at = found.closed_at;
        });
        Self::reach(ctx, found.stage);
        if found.stage == PotStage::Cancelled { Err(Ending::Early(PotOutcome::Cancelled)) } else { Ok(()) }
    }

    /// A pot that is still held when its birthday ends was never open, and ends with it. One that is moved waits anew.
    pub(super) async fn wait_for_the_opening(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        while Self::is_at(ctx, PotStage::Scheduled) {
            let days = ctx.state(Self::days);
            let is_moved = move |pot: &Self| pot.days() != days;
            let (opens_at, closes_at) = days;
            Self::wait(ctx, Some(opens_at), "its opening day", is_moved).await?;
            let woken = Self::wait_while_stopped(ctx, Some(closes_at), is_moved).await?;
            Self::let_the_move_end(ctx).await?;
            if ctx.state(is_moved) {
                continue;
            }
            if woken == Woken::Due {
                ctx.state_mut(|pot| pot.state.cancel_asked = true);
                Self::cancel_if_asked(ctx).await?;
            }
            return Ok(());
        }
        Ok(())
    }

    pub(super) async fn open(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        while Self::is_at(ctx, PotStage::Scheduled) {
            ctx.state_mut(|pot| pot.opening = true);
            let opening = ctx.execute_activity(OpenPot, Self::moment(ctx), patience::own_books()).await?;
            ctx.state_mut(|pot| pot.opening = false);
            match opening {
                Opening::Opened => Self::reach(ctx, PotStage::Open),
                Opening::GivenUp { stage } => Self::heed(ctx, stage).await?,
                Opening::AnotherBirthday { birthday } => {
                    Self::follow(ctx, birthday).await?;
                    Self::wait_for_the_opening(ctx).await?;
                }
                Opening::Held { reason } => {
                    ctx.state_mut(|pot| pot.state.holds.insert(reason));
                    Self::wait_for_the_opening(ctx).await?;
                }
            }
        }
        Ok(())
    }

    /// Says what there is to say, each on its day, until the birthday is over or the owner has had enough.
    pub(super) async fn collect_until_closing(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        while Self::is_at(ctx, PotStage::Open) {
            let (next, closes_at) = ctx.state(|pot| {
                let timeline = &pot.plan.timeline;
                (timeline.occasions.get(pot.state.occasions_done).copied(), timeline.closes_at)
            });
            let (due, waits_for) = match next {
                Some(occasion) => {
                    (occasion.at.min(closes_at), "the next day on which it has something to say")
                }
                None => (closes_at, "the end of the birthday"),
            };
            if Self::wait(ctx, Some(due), waits_for, |pot| pot.state.close_asked).await? == Woken::Called {
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
    pub(super) async fn close(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if Self::is_at(ctx, PotStage::Open) {
            let moment = Self::moment(ctx);
            let stage = ctx.execute_activity(ClosePot, moment, patience::own_books()).await?;
            Self::heed(ctx, stage).await?;
            ctx.state_mut(|pot| pot.state.closed_at = Some(moment.at));
            Self::reach(ctx, PotStage::Closed);
        }
        // Also of a pot whose process somebody ended between the two.
        if Self::is_at(ctx, PotStage::Closed) && !ctx.state(|pot| pot.state.checkouts_ended) {
            Self::end_the_checkouts(ctx).await?;
        }
        Ok(())
    }

    pub(super) async fn end_the_checkouts(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        let end = ctx.state(|pot| EndCheckouts { pot: pot.plan.pot, refund: pot.plan.patience.refund });
        ctx.execute_activity(EndCheckoutsStep, end, patience::on_money(patience::walk_wave())).await?;
        ctx.state_mut(|pot| pot.state.checkouts_ended = true);
        Ok(())
    }

    pub(super) async fn wait_for_the_day_after(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if Self::is_at(ctx, PotStage::Closed) {
            let now = waiting::now(ctx);
            let payout_at =
                ctx.state(|pot| pot.plan.timeline.pays_out_at(pot.state.closed_at.unwrap_or(now)));
            Self::wait(ctx, Some(payout_at), "the day of its payout", |_| false).await?;
            Self::wait_while_stopped(ctx, None, |_| false).await?;
        }
        Ok(())
    }

    /// The payout is a process of its own, which may take days and people; the pot waits for its end.
    pub(super) async fn pay_out(ctx: &mut WorkflowContext<Self>) -> Result<PayoutOutcome, Ending> {
        Self::reach(ctx, PotStage::PayingOut);
        if ctx.patched(GIVEN_UP_BEFORE_THE_PAYOUT) {
            ctx.state_mut(|pot| pot.hears_wishes = true);
        }
        let (pot, patience, rules) = ctx.state(|pot| {
            let patience = &pot.plan.patience;
            (pot.plan.pot, patience.payout, patience.payout_rules)
        });
        loop {
            Self::say(ctx, "its payout", None);
            let input = PayoutInput::new(pot, patience, rules);
            match ctx.start_child_workflow(Payout::run, input, Self::payout_options(pot)).await {
                Ok(payout) => {
                    if let Some(outcome) = Self::end_of(ctx, payout.result()).await? {
                        return Ok(outcome);
                    }
                }
                // An earlier run of this pot (an operator's reset) has one going; its end will let ours find it paid.
                Err(ChildWorkflowStartError::StartFailed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            let pause = Duration::from_secs(patience.recheck_seconds);
            let (waits_for, due) = ("a payout process that works", waiting::now(ctx) + pause);
            Self::say(ctx, waits_for, Some(due));
            if waiting::until(ctx, Some(due), waits_for, Self::is_wished_for).await? == Woken::Called {
                Self::cancel_if_asked(ctx).await?;
            }
        }
    }

    /// Waits for the end of a payout's process, with an ear for a wish to cancel: until the payout is planned, the pot can still be given
    /// up, and only the books know whether it is. Nothing, when the process was terminated or failed: the books know how far it came, so
    /// another one takes over.
    async fn end_of(
        ctx: &mut WorkflowContext<Self>,
        payout: impl FusedFuture<Output = Result<PayoutOutcome, ChildWorkflowExecutionError>>,
    ) -> Result<Option<PayoutOutcome>, Ending> {
        let mut payout = Box::pin(payout);
        loop {
            match waiting::unless(ctx, &mut payout, Self::is_wished_for).await? {
                Some(outcome) => return Ok(outcome.ok()),
                None => Self::cancel_if_asked(ctx).await?,
            }
        }
    }

    fn is_wished_for(&self) -> bool {
        self.hears_wishes && self.state.cancel_asked
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

    pub(super) async fn settle(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        let stage = ctx.execute_activity(SettlePot, Self::moment(ctx), patience::seal()).await?;
        Self::heed(ctx, stage).await?;
        Self::reach(ctx, PotStage::Settled);
        Ok(())
    }

    pub(super) async fn thank_the_givers(
        ctx: &mut WorkflowContext<Self>,
        payout: PayoutOutcome,
    ) -> Result<PotOutcome, Ending> {
        let PayoutOutcome::Paid { amount } = payout else { return Ok(PotOutcome::SettledEmpty) };
        Self::announce(ctx, Announcement::Thanks).await?;
        Ok(PotOutcome::PaidOut { amount })
    }

    pub(super) async fn announce(ctx: &mut WorkflowContext<Self>, what: Announcement) -> Result<(), Ending> {
        let announce = Announce { pot: Self::pot(ctx), what, at: waiting::now(ctx) };
        Ok(ctx.execute_activity(AnnouncePot, announce, patience::own_books()).await?)
    }
}
