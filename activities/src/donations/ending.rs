//! Ending the pages of a pot that has closed, so that their gifts end too and the payout need not wait for them.

use serde::{Deserialize, Serialize};
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{Client, WorkflowSignalOptions};
use temporalio_common::data_converters::RawValue;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::Page;
use wolo_database::donations::{self, Waiting};
use wolo_domain::ids::DonationId;
use wolo_providers::ProviderError;
use wolo_providers::wave::Expiry;
use wolo_workflows::donation::Donation;
use wolo_workflows::ids;
use wolo_workflows::refund::RefundPatience;
use wolo_workflows::steps::donations::{EndCheckouts, EndedCheckouts, SettleDonation, Settlement};

use super::DonationSteps;
use crate::alive::go_on;
use crate::{failure, refunds};

/// Gifts that are read at once.
const PAGE: u32 = 100;

/// How far the walk has come.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Walked {
    last: Option<DonationId>,
    ended: u64,
}

impl DonationSteps {
    pub(super) async fn end_all(
        &self,
        ctx: &ActivityContext,
        input: EndCheckouts,
    ) -> Result<EndedCheckouts, ActivityError> {
        let mut walked: Walked = ctx.heartbeat_details().deserialize()?.unwrap_or_default();
        loop {
            let page = Page { after: walked.last, limit: PAGE };
            let waiting = donations::requested_of_pot(&self.pool, input.pot, page).await?;
            if waiting.is_empty() {
                self.take_up_refunds(ctx, input, walked).await?;
                return Ok(EndedCheckouts { count: walked.ended });
            }
            for gift in waiting {
                go_on(ctx)?;
                walked.ended += u64::from(self.end(&gift).await?);
                if !is_heard_by_its_process(&ctx.client(), gift.donation).await? {
                    self.settle_without_its_process(&ctx.client(), gift.donation, input.refund).await?;
                }
                walked.last = Some(gift.donation);
                ctx.record_heartbeat(walked).await?;
            }
        }
    }

    /// An attempt before this one may have died between writing that a gift goes back and starting its refund.
    async fn take_up_refunds(
        &self,
        ctx: &ActivityContext,
        input: EndCheckouts,
        walked: Walked,
    ) -> Result<(), ActivityError> {
        let mut page = Page::first(PAGE);
        loop {
            let due = donations::due_of_pot(&self.pool, input.pot, page).await?;
            let Some(last) = due.last().copied() else { return Ok(()) };
            for donation in due {
                refunds::start(&ctx.client(), donation, input.pot, input.refund).await?;
            }
            ctx.record_heartbeat(walked).await?;
            page = Page { after: Some(last), limit: PAGE };
        }
    }

    /// A gift that still waits although its process has ended (somebody terminated it) would keep its pot waiting for
    /// ever: what Wave's record says is booked here instead. A riddle of one gift must not keep all the others from going
    /// on: it is told, and the gift waits.
    ///
    /// Answers whether the gift has its money now, or gives it back.
    pub(crate) async fn settle_without_its_process(
        &self,
        client: &Client,
        donation: DonationId,
        patience: RefundPatience,
    ) -> Result<bool, ActivityError> {
        let settle = SettleDonation { donation, failed_attempts: 0 };
        let settlement = match self.settle_by_the_evidence(settle).await {
            Err(ActivityError::Application(failure)) if failure::is_a_riddle(&failure) => {
                tracing::error!(%donation, error = %failure, "a gift without a process cannot be settled");
                return Ok(false);
            }
            settled => settled?,
        };
        tracing::warn!(%donation, ?settlement, "a gift was settled whose process had ended before it");
        if settlement == Settlement::RefundDue {
            refunds::start_for(client, &self.pool, donation, patience).await?;
        }
        Ok(!matches!(settlement, Settlement::Expired | Settlement::StillOpen))
    }

    /// Whether a page was still open. A page that Wave does not let us end must not keep the others open; its gift ends
    /// by its own time.
    async fn end(&self, gift: &Waiting) -> Result<bool, ActivityError> {
        // A gift without a page is still being asked for. What is paid on a page that comes now goes back.
        let Some(checkout) = &gift.checkout_id else { return Ok(false) };
        match self.wave.expire_checkout(checkout).await {
            Ok(expiry) => Ok(expiry == Expiry::Expired),
            Err(ProviderError::Refused { code, status, .. }) => {
                tracing::warn!(donation = %gift.donation, code, status, "Wave does not end a checkout");
                Ok(false)
            }
            Err(error) => Err(failure::wave(error)),
        }
    }
}

/// Tells a gift's process that its page has ended; answers whether there is one to tell.
pub(super) async fn is_heard_by_its_process(
    client: &Client,
    donation: DonationId,
) -> Result<bool, ActivityError> {
    let process = client.get_workflow_handle::<Donation>(ids::donation(donation));
    let told = process.signal(Donation::checkout_ended, RawValue::empty(), WorkflowSignalOptions::default());
    match told.await {
        Ok(()) => Ok(true),
        Err(WorkflowInteractionError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
