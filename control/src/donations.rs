//! Asking about donations.

use std::time::Duration;

use temporalio_client::{
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowSignalOptions, WorkflowUpdateWithStartOptions,
};
use temporalio_common::data_converters::RawValue;
use temporalio_common::search_attributes::SearchAttributes;
use wolo_domain::ids::DonationId;
use wolo_workflows::donation::{Donation, DonationInput};
use wolo_workflows::steps::donations::CheckoutOutcome;
use wolo_workflows::{attributes, ids, queues};

use crate::{AskError, Control};

/// What Wave has been heard to say about a donation. Only a reason for the process to ask Wave itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    PaymentCompleted,
    AttemptFailed,
    CheckoutEnded,
}

impl Control {
    /// Starts a donation and waits until its giver can pay. Asking again for the same donation gives the same
    /// checkout. A donation that has ended answers [`AskError::Ended`].
    pub async fn open_checkout(
        &self,
        input: DonationInput,
        patience: Duration,
    ) -> Result<CheckoutOutcome, AskError> {
        let request = &input.request;
        let options = WorkflowUpdateWithStartOptions::new(
            queues::MONEY,
            ids::donation(request.donation),
            WorkflowIdConflictPolicy::UseExisting,
        )
        .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
        .search_attributes(SearchAttributes::new([attributes::POT.value_set(request.pot.to_string())]))
        // One question per donation: asked twice, it is answered from the record.
        .update_id("open_checkout".to_owned())
        .build();
        let asked = self.client.execute_update_with_start_workflow(
            Donation::run,
            input,
            Donation::ask_for_checkout,
            (),
            options,
        );
        match tokio::time::timeout(patience, asked).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(AskError::NotYet),
        }
    }

    /// Passes on what was heard. A donation that has ended needs nothing more and answers [`AskError::NotFound`].
    pub async fn tell_donation(&self, donation: DonationId, heard: Heard) -> Result<(), AskError> {
        let handle = self.client.get_workflow_handle::<Donation>(ids::donation(donation));
        let (hint, options) = (RawValue::empty(), WorkflowSignalOptions::default());
        match heard {
            Heard::PaymentCompleted => handle.signal(Donation::payment_completed, hint, options).await?,
            Heard::AttemptFailed => handle.signal(Donation::attempt_failed, hint, options).await?,
            Heard::CheckoutEnded => handle.signal(Donation::checkout_ended, hint, options).await?,
        }
        Ok(())
    }
}
