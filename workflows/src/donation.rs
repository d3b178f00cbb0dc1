//! One gift, from the asking to the knowing.
//!
//! The giver asks, Wave opens a page, and the gift is *requested*. From then on only Wave can say what became of
//! it: by a webhook (a hint that makes us ask), by the end of the page, or because the pot closed and ended the
//! page early. Whatever comes first, the process reads Wave's own record and books that: confirmed, too late and
//! to be given back (which is a process of its own), odd and put in suspense, or expired. An attempt that failed is
//! not an end, for Wave lets the giver try again until the page expires.
//!
//! An ordinary gift costs two steps. It never speaks to its pot: the ledger knows the sum.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use temporalio_common::data_converters::RawValue;
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ChildWorkflowOptions, ChildWorkflowStartError, ParentClosePolicy, SyncWorkflowContext, WorkflowContext,
    WorkflowContextView, WorkflowResult, WorkflowTermination,
};

use crate::refund::{Refund, RefundInput, RefundPatience};
use crate::steps::donations::{
    Checkout, CheckoutOutcome, DonationRequest, OpenDonationCheckout, SettleDonation, SettleDonationStep,
    Settlement,
};
use crate::waiting::{self, Woken};
use crate::{attributes, ids, patience};

/// What a donation's process is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DonationInput {
    pub request: DonationRequest,
    /// How long after the page's end Wave is asked what became of it: a payment may complete in the last second.
    pub grace_seconds: u64,
    /// When Wave still calls the page open after that, it is asked again, later and later, but never later than this.
    #[serde(default = "waiting::an_hour_in_seconds")]
    pub longest_pause_seconds: u64,
    /// How the money is given back when it comes too late.
    #[serde(default)]
    pub refund: RefundPatience,
}

/// Where the process stands; the answer to the query `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DonationStatus {
    /// What the giver got; nothing yet while Wave is being asked.
    pub checkout: Option<CheckoutOutcome>,
    pub failed_attempts: u32,
    /// Something was heard that makes asking Wave worth while.
    pub heard: bool,
}

/// How the gift ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DonationOutcome {
    Refused,
    Confirmed,
    Expired,
    /// Paid too late: its refund is under way.
    RefundDue,
    Suspended,
}

#[workflow]
pub struct Donation {
    input: DonationInput,
    status: DonationStatus,
}

#[workflow_methods]
impl Donation {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: DonationInput) -> Self {
        Self { input, status: DonationStatus::default() }
    }

    #[run(name = "Donation")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<DonationOutcome> {
        let outcome = match Self::open_checkout(ctx).await? {
            CheckoutOutcome::Refused { .. } => DonationOutcome::Refused,
            CheckoutOutcome::Opened(checkout) => Self::settle_when_known(ctx, &checkout).await?,
        };
        waiting::for_handlers(ctx).await?;
        Ok(outcome)
    }

    /// The giver's question: where can I pay? Answered when Wave has opened the page, or the gift was refused.
    #[update(name = "open_checkout")]
    pub async fn ask_for_checkout(ctx: &mut WorkflowContext<Self>) -> CheckoutOutcome {
        waiting::known(ctx, |donation| donation.status.checkout.clone()).await
    }

    /// Wave reported a payment. A hint: what it carries is not read, so nothing in it can do harm.
    #[signal(name = "payment_completed")]
    pub fn payment_completed(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.status.heard = true;
    }

    /// Wave reported an attempt that failed; the giver may try again.
    #[signal(name = "attempt_failed")]
    pub fn attempt_failed(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.status.failed_attempts += 1;
    }

    /// The pot closed and the page was ended before its time.
    #[signal(name = "checkout_ended")]
    pub fn checkout_ended(&mut self, _ctx: &mut SyncWorkflowContext<Self>, _hint: RawValue) {
        self.status.heard = true;
    }

    #[query(name = "status")]
    pub fn status(&self, _ctx: &WorkflowContextView) -> DonationStatus {
        self.status.clone()
    }

    async fn open_checkout(ctx: &mut WorkflowContext<Self>) -> Result<CheckoutOutcome, WorkflowTermination> {
        let request = ctx.state(|donation| donation.input.request.clone());
        let outcome =
            ctx.execute_activity(OpenDonationCheckout, request, patience::ask_wave_shortly()).await?;
        ctx.state_mut(|donation| donation.status.checkout = Some(outcome.clone()));
        Ok(outcome)
    }

    /// Listens until the page's end and asks Wave whenever there is a reason to.
    async fn settle_when_known(
        ctx: &mut WorkflowContext<Self>,
        checkout: &Checkout,
    ) -> Result<DonationOutcome, WorkflowTermination> {
        let (grace, longest) =
            ctx.state(|donation| (donation.input.grace_seconds, donation.input.longest_pause_seconds));
        let mut ask_at = waiting::now(ctx) + Duration::from_secs(checkout.lives_for_seconds + grace);
        let mut looks = 0;
        loop {
            let woken =
                waiting::until(ctx, Some(ask_at), "the checkout expires", |donation| donation.status.heard)
                    .await?;
            ctx.state_mut(|donation| donation.status.heard = false);
            match Self::settle(ctx).await? {
                Settlement::Confirmed => return Ok(DonationOutcome::Confirmed),
                Settlement::Suspended => return Ok(DonationOutcome::Suspended),
                Settlement::Expired => return Ok(DonationOutcome::Expired),
                Settlement::RefundDue => return Self::give_back(ctx).await,
                Settlement::StillOpen if woken == Woken::Due => {
                    ask_at = waiting::now(ctx) + waiting::longer(grace, looks, longest);
                    looks += 1;
                }
                Settlement::StillOpen => {}
            }
        }
    }

    async fn settle(ctx: &mut WorkflowContext<Self>) -> Result<Settlement, WorkflowTermination> {
        let settle = ctx.state(|donation| SettleDonation {
            donation: donation.input.request.donation,
            failed_attempts: donation.status.failed_attempts,
        });
        Ok(ctx.execute_activity(SettleDonationStep, settle, patience::ask_wave_shortly()).await?)
    }

    /// Money that came too late goes back in full, by a process that outlives this one. Where it runs already, somebody was
    /// quicker.
    async fn give_back(ctx: &mut WorkflowContext<Self>) -> Result<DonationOutcome, WorkflowTermination> {
        let (request, patience) =
            ctx.state(|donation| (donation.input.request.clone(), donation.input.refund));
        let input = RefundInput { donation: request.donation, patience, refusals: 0 };
        let options = ChildWorkflowOptions::builder()
            .workflow_id(ids::refund(request.donation))
            .parent_close_policy(ParentClosePolicy::Abandon)
            .search_attributes(attributes::of_refund(request.pot))
            .build();
        match ctx.start_child_workflow(Refund::run, input, options).await {
            Ok(_) | Err(ChildWorkflowStartError::StartFailed { .. }) => Ok(DonationOutcome::RefundDue),
            Err(error) => Err(error.into()),
        }
    }
}
