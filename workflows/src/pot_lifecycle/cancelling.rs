//! Giving a pot up: no gift begins any more, every gift goes back, and then the pot is cancelled.
//!
//! Each refund is a process of its own and has its own fate; one that waits for a person does not keep the others. The pot
//! looks from time to time, starts again what somebody has ended, and is cancelled when nothing is left.

use temporalio_workflow::WorkflowContext;
use wolo_domain::pots::PotStage;

use super::{Ending, PotLifecycle, PotOutcome};
use crate::steps::pots::{CancelPot, Cancelling};
use crate::steps::refunds::{BeginAllRefunds, BeginRefunds};
use crate::{patience, waiting};

/// What was paid otherwise than asked was never the pot's, but its giver is one of the pot's givers.
const FOR_FINANCE: &str =
    "finance to say what becomes of gifts in suspense (wolo discrepancies list --kind odd_gift)";

impl PotLifecycle {
    pub(super) async fn cancel_if_asked(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if !ctx.state(|pot| pot.state.cancel_asked) {
            return Ok(());
        }
        match Self::cancel(ctx).await? {
            Cancelling::Cancelled => Self::is_cancelled(ctx),
            Cancelling::GivingBack { .. } => {
                Self::reach(ctx, PotStage::Cancelling);
                Self::give_everything_back(ctx).await
            }
            Cancelling::NotPossible { .. } => Ok(()),
        }
    }

    /// An earlier run, or the process before this one, had begun to give everything back.
    pub(super) async fn go_on_cancelling(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        if Self::is_at(ctx, PotStage::Cancelling) { Self::give_everything_back(ctx).await } else { Ok(()) }
    }

    /// The pot stands where it stands, whatever this process believed: the engine may have been put back to an hour before
    /// it was given up.
    pub(super) async fn heed(ctx: &mut WorkflowContext<Self>, stage: PotStage) -> Result<(), Ending> {
        match stage {
            PotStage::Cancelling => {
                Self::reach(ctx, stage);
                Self::give_everything_back(ctx).await
            }
            PotStage::Cancelled => Self::is_cancelled(ctx),
            _ => Ok(()),
        }
    }

    async fn give_everything_back(ctx: &mut WorkflowContext<Self>) -> Result<(), Ending> {
        Self::end_the_checkouts(ctx).await?;
        let patience = ctx.state(|pot| pot.plan.patience.refund);
        let mut looks = 0;
        loop {
            let begin = BeginRefunds { pot: Self::pot(ctx), patience, at: waiting::now(ctx) };
            ctx.execute_activity(BeginAllRefunds, begin, patience::on_money(patience::walk_wave())).await?;
            let waits_for = match Self::cancel(ctx).await? {
                Cancelling::Cancelled => return Self::is_cancelled(ctx),
                Cancelling::GivingBack { count, for_finance } if count == for_finance => FOR_FINANCE,
                _ => "its gifts to go back",
            };
            let pause = waiting::longer(patience.recheck_seconds, looks, patience.longest_pause_seconds);
            Self::say(ctx, waits_for, Some(waiting::now(ctx) + pause));
            waiting::sleep(ctx, pause, waits_for).await?;
            looks += 1;
            Self::carry_on_if_long(ctx)?;
        }
    }

    async fn cancel(ctx: &mut WorkflowContext<Self>) -> Result<Cancelling, Ending> {
        let answer = ctx.execute_activity(CancelPot, Self::moment(ctx), patience::own_books()).await?;
        ctx.state_mut(|pot| {
            pot.state.cancel_answer = Some(answer);
            // Whoever asked meanwhile has this answer too.
            pot.state.cancel_asked = false;
        });
        Ok(answer)
    }

    fn is_cancelled(ctx: &WorkflowContext<Self>) -> Result<(), Ending> {
        Self::reach(ctx, PotStage::Cancelled);
        Err(Ending::Early(PotOutcome::Cancelled))
    }
}
