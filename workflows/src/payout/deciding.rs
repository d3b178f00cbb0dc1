//! What finance decides about a payout that waits for a person: what may be decided when, and that it is written down.

use temporalio_workflow::{WorkflowContext, WorkflowTermination};
use wolo_domain::ids::PayoutId;
use wolo_domain::payouts::{NEVER_PAID, TAKEN_BACK};
use wolo_domain::pots::HoldReason;

use super::{Decision, Payout, Resolve, Resolving};
use crate::steps::payouts::{RecordDecision, RecordDecisionStep};
use crate::{patience, waiting};

impl Payout {
    /// Takes a decision, or says why it is none now.
    pub(super) fn take(&mut self, resolve: Resolve) -> Resolving {
        let stands = self.status.order.map(|order| order.number);
        let why = match (self.status.held, &resolve.decision) {
            _ if resolve.reason.trim().is_empty() => "a decision needs a reason",
            _ if self.status.decision.is_some() => "a decision has been taken and is being carried out",
            (Some(_), _) if resolve.order.is_some() && resolve.order != stands => {
                "the decision is about an order that does not stand any more: look at the payout again"
            }
            (Some(HoldReason::PayoutUnknown), Decision::OrderAnew) => {
                "the end of the last order is unknown: ordering anew could pay twice"
            }
            (
                Some(HoldReason::PayoutRefused),
                Decision::AskAgain | Decision::Found { .. } | Decision::NeverPaid,
            ) => "the last order is refused for good: it can only be ordered anew",
            (
                Some(HoldReason::Recipient),
                Decision::Found { .. } | Decision::OrderAnew | Decision::NeverPaid,
            ) => "the next order has not been sent: ask Wave about the recipient again, or accept them",
            (Some(HoldReason::PayoutUnknown | HoldReason::PayoutRefused), Decision::Accept) => {
                "nobody doubts the recipient"
            }
            (Some(HoldReason::PayoutUnknown | HoldReason::PayoutRefused | HoldReason::Recipient), _) => {
                self.status.decision = Some(resolve.decision.clone());
                self.decided = Some(resolve);
                return Resolving::Accepted;
            }
            _ => "the payout does not wait for a decision",
        };
        Resolving::Refused { why: why.to_owned() }
    }

    /// Holds the pot and waits for finance, however long it takes. What is decided is written down before it is done.
    pub(super) async fn ask_finance(
        ctx: &mut WorkflowContext<Self>,
        reason: HoldReason,
        note: String,
    ) -> Result<Decision, WorkflowTermination> {
        Self::hold(ctx, reason, note).await?;
        waiting::until(ctx, None, reason.waits_for(), |payout| payout.decided.is_some()).await?;
        let Some(decided) = ctx.state(|payout| payout.decided.clone()) else { return Ok(Decision::AskAgain) };
        let Resolve { decision, by, reason, .. } = decided;
        let record = RecordDecision {
            payout: PayoutId::of_pot(Self::pot(ctx)),
            order: ctx.state(|payout| payout.status.order.map_or(0, |order| order.number)),
            decision: decision.as_str().to_owned(),
            wave_payout_id: match &decision {
                Decision::Found { wave_payout_id } => Some(wave_payout_id.clone()),
                _ => None,
            },
            by,
            reason,
            at: waiting::now(ctx),
        };
        ctx.execute_activity(RecordDecisionStep, record, patience::own_books()).await?;
        ctx.state_mut(|payout| {
            payout.status.decision = None;
            payout.decided = None;
        });
        Self::stand(ctx, "paying_out", "Wave's answer", None);
        Ok(decision)
    }
}

/// What finance is asked after a refusal.
pub(super) fn refusal_in_words(code: &str) -> String {
    match code {
        NEVER_PAID => "the order was never paid, as finance found".to_owned(),
        TAKEN_BACK => "the order was paid and taken back, as finance found".to_owned(),
        code => format!("Wave refused the payout: {code}"),
    }
}
