//! What a payout needs before its first order leaves, besides money: the right recipient, and people who approve it.

use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::ids::PayoutId;
use wolo_domain::pots::HoldReason;

use super::{Approve, Decision, Payout};
use crate::steps::payouts::{
    ApprovePayout, ApprovePayoutStep, Approving, RecipientCheck, VerifyRecipient, VerifyRecipientStep,
};
use crate::{patience, waiting};

/// As much as a reason may say.
const LONGEST_REASON: usize = 500;

impl Payout {
    /// What an order needs before it leaves. Whoever was cleared before is asked about again, but need not be approved again
    /// while the phone is the same.
    pub(super) async fn clear(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        Self::know_the_recipient(ctx).await?;
        Self::wait_for_approvals(ctx).await
    }

    /// Asks Wave whether the phone belongs to whom we think. Where it has doubts, finance decides.
    async fn know_the_recipient(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let verify = VerifyRecipient { payout: PayoutId::of_pot(Self::pot(ctx)) };
        loop {
            let check = ctx.execute_activity(VerifyRecipientStep, verify, patience::ask_wave()).await?;
            let RecipientCheck { doubt, missing_approvals } = check;
            ctx.state_mut(|payout| payout.status.missing_approvals = missing_approvals);
            let Some(why) = doubt else { break };
            if Self::ask_finance(ctx, HoldReason::Recipient, why).await? == Decision::Accept {
                break;
            }
        }
        Self::lift_early(ctx, HoldReason::Recipient).await
    }

    /// A large payout waits for two people of finance, however long it takes.
    pub(super) async fn wait_for_approvals(
        ctx: &mut WorkflowContext<Self>,
    ) -> Result<(), WorkflowTermination> {
        let enough = |payout: &Self| payout.status.missing_approvals == 0;
        if ctx.state(enough) {
            return Ok(());
        }
        let reason = HoldReason::Approval;
        Self::hold(ctx, reason, "a payout of this size needs two people".to_owned()).await?;
        waiting::until(ctx, None, reason.waits_for(), enough).await?;
        Self::lift_early(ctx, reason).await?;
        Self::stand(ctx, "paying_out", "Wave's answer", None);
        Ok(())
    }

    pub(super) async fn write_approval(ctx: &mut WorkflowContext<Self>, approve: Approve) -> Approving {
        let Approve { by, reason } = approve;
        if reason.trim().is_empty() || reason.chars().count() > LONGEST_REASON {
            return Approving::NoReason;
        }
        if ctx.state(|payout| payout.status.order.is_none()) {
            return Approving::NotPlanned;
        }
        let payout = PayoutId::of_pot(Self::pot(ctx));
        let approval = ApprovePayout { payout, by, reason, at: waiting::now(ctx) };
        match ctx.execute_activity(ApprovePayoutStep, approval, patience::own_books()).await {
            Ok(answer) => {
                if let Approving::Approved { missing } | Approving::Already { missing } = answer {
                    ctx.state_mut(|payout| payout.status.missing_approvals = missing);
                }
                answer
            }
            // The process was ended, and nothing is known to be written.
            Err(_) => Approving::NotPlanned,
        }
    }

    /// Lifts a hold whose reason has passed before the payout is done.
    async fn lift_early(
        ctx: &mut WorkflowContext<Self>,
        reason: HoldReason,
    ) -> Result<(), WorkflowTermination> {
        if ctx.state_mut(|payout| payout.placed.remove(&reason)) {
            Self::lift(ctx, reason).await
        } else {
            Ok(())
        }
    }
}
