//! Giving one gift back, and knowing it.
//!
//! A gift goes back because it came after its pot had closed, or because its pot was given up. Wave is asked to give the
//! payment back, whole; it does so once, however often it is asked, so an answer that is lost is simply asked for again.
//! When Wave says no (our wallet is short, say), the money stays due: the process tells a person, and asks again by itself,
//! later and later, until the money has gone back. There is no other end.

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    WorkflowTermination,
};
use wolo_domain::ids::DonationId;

use crate::pot_lifecycle::Wish;
use crate::steps::refunds::{GiveBack, GiveBackStep, GivingBack};
use crate::{attributes, patience, waiting};

/// What a refund's process is started with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RefundInput {
    pub donation: DonationId,
    #[serde(default)]
    pub patience: RefundPatience,
    /// How often an earlier run of this refund has asked in vain.
    #[serde(default)]
    pub refusals: u32,
}

/// How long refunds wait before they are looked at or asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPatience {
    /// Between the first two looks of a pot that is given up at its refunds; then longer and longer.
    pub recheck_seconds: u64,
    /// After the first refusal; then longer and longer.
    pub retry_seconds: u64,
    /// No two tries are further apart.
    pub longest_pause_seconds: u64,
}

impl RefundPatience {
    /// As the settings name it.
    pub fn new(recheck_seconds: u32, retry_minutes: u32, longest_pause_hours: u32) -> Self {
        Self {
            recheck_seconds: recheck_seconds.into(),
            retry_seconds: u64::from(retry_minutes) * 60,
            longest_pause_seconds: u64::from(longest_pause_hours) * 3_600,
        }
    }
}

/// The patience of inputs that were written before they said one.
impl Default for RefundPatience {
    fn default() -> Self {
        Self { recheck_seconds: 10, retry_seconds: 900, longest_pause_seconds: 86_400 }
    }
}

/// Where the process stands; the answer to the query `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundStatus {
    /// Why Wave did not give it back, the last time it was asked.
    pub refused: Option<String>,
    pub refusals: u32,
    /// A person has asked for another try.
    pub try_now: bool,
}

/// What a wish for another try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryingAgain {
    Now,
    /// Wave has not refused it; it is being given back as it is.
    UnderWay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    Refunded,
}

/// A run that has asked so often carries on as a new one.
const REFUSALS_OF_A_RUN: u32 = 100;

#[workflow]
pub struct Refund {
    input: RefundInput,
    status: RefundStatus,
}

#[workflow_methods]
impl Refund {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: RefundInput) -> Self {
        let status = RefundStatus { refusals: input.refusals, ..RefundStatus::default() };
        Self { input, status }
    }

    #[run(name = "Refund")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<RefundOutcome> {
        while let GivingBack::Refused { code } = Self::give_back(ctx).await? {
            Self::note_refusal(ctx, code);
            Self::wait_to_try_again(ctx).await?;
            Self::carry_on_if_long(ctx)?;
        }
        Self::stand(ctx, "refunded", false);
        waiting::for_handlers(ctx).await?;
        Ok(RefundOutcome::Refunded)
    }

    /// A person has mended what was in the way (has filled the wallet, say): it is tried again at once.
    #[update(name = "try_again")]
    pub fn try_again(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _wish: Wish) -> TryingAgain {
        if self.status.refused.is_none() {
            return TryingAgain::UnderWay;
        }
        self.status.try_now = true;
        TryingAgain::Now
    }

    #[query(name = "status")]
    pub fn status(&self, _ctx: &WorkflowContextView) -> RefundStatus {
        self.status.clone()
    }

    async fn give_back(ctx: &mut WorkflowContext<Self>) -> Result<GivingBack, WorkflowTermination> {
        ctx.state_mut(|refund| refund.status.try_now = false);
        let back = GiveBack { donation: ctx.state(|refund| refund.input.donation) };
        Ok(ctx.execute_activity(GiveBackStep, back, patience::ask_wave()).await?)
    }

    fn note_refusal(ctx: &WorkflowContext<Self>, code: String) {
        ctx.state_mut(|refund| {
            refund.status.refusals = refund.status.refusals.saturating_add(1);
            refund.status.refused = Some(code);
        });
        Self::stand(ctx, "refused", true);
    }

    async fn wait_to_try_again(ctx: &mut WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let (patience, refusals) = ctx.state(|refund| (refund.input.patience, refund.status.refusals));
        let pause = waiting::longer(
            patience.retry_seconds,
            refusals.saturating_sub(1),
            patience.longest_pause_seconds,
        );
        let due = waiting::now(ctx) + pause;
        waiting::until(ctx, Some(due), "Wave to give the payment back", |refund| refund.status.try_now)
            .await?;
        Ok(())
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let (input, refusals) = ctx.state(|refund| (refund.input, refund.status.refusals));
        if refusals - input.refusals < REFUSALS_OF_A_RUN {
            return Ok(());
        }
        let input = RefundInput { refusals, ..input };
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }

    /// Says where the process stands, where operators look for it.
    fn stand(ctx: &WorkflowContext<Self>, status: &str, needs_human: bool) {
        ctx.upsert_search_attributes([
            attributes::STATUS.value_set(status.to_owned()),
            attributes::NEEDS_HUMAN.value_set(needs_human),
        ]);
        let details = if needs_human { "waits for Wave to give the payment back" } else { "" };
        ctx.set_current_details(details.to_owned());
    }
}
