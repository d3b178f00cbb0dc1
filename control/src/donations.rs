//! Asking about donations.

use std::time::Duration;

use temporalio_client::{
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowSignalOptions,
    WorkflowStartOptions, WorkflowUpdateWithStartOptions,
};
use temporalio_common::data_converters::RawValue;
use temporalio_common::search_attributes::SearchAttributes;
use wolo_domain::ids::DonationId;
use wolo_workflows::donation::Donation;
use wolo_workflows::{attributes, ids, queues};

/// What a donation's process is asked with, and answers.
pub use wolo_workflows::donation::{DonationInput, DonationStatus};
pub use wolo_workflows::steps::donations::{Checkout, CheckoutOutcome, DonationRequest, Donor};

use crate::{AskError, Control};

/// What Wave has been heard to say about a donation. Only a reason for the process to ask Wave itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    PaymentCompleted,
    AttemptFailed,
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

    /// A gift as its process sees it; also after its end, as long as the engine remembers it.
    pub async fn donation_status(&self, donation: DonationId) -> Result<DonationStatus, AskError> {
        let handle = self.client.get_workflow_handle::<Donation>(ids::donation(donation));
        Ok(handle.query(Donation::status, (), WorkflowQueryOptions::default()).await?)
    }

    /// Whether a gift has a process now that has not ended.
    pub async fn donation_runs(&self, donation: DonationId) -> Result<bool, AskError> {
        self.runs::<Donation>(ids::donation(donation)).await
    }

    /// Passes on what one event of the provider's says. However often it is told, the process hears it once. A
    /// donation whose process has ended answers [`AskError::NotFound`].
    pub async fn tell_donation(
        &self,
        donation: DonationId,
        heard: Heard,
        event: &str,
    ) -> Result<(), AskError> {
        let handle = self.client.get_workflow_handle::<Donation>(ids::donation(donation));
        let options = WorkflowSignalOptions::builder().request_id(event.to_owned()).build();
        let hint = RawValue::empty();
        match heard {
            Heard::PaymentCompleted => handle.signal(Donation::payment_completed, hint, options).await?,
            Heard::AttemptFailed => handle.signal(Donation::attempt_failed, hint, options).await?,
        }
        Ok(())
    }

    /// Starts the process of a gift again, because it has ended (or was ended by somebody) and Wave speaks of a payment.
    /// It finds in the books how far it had come.
    pub async fn take_up_donation(&self, input: DonationInput) -> Result<(), AskError> {
        let request = &input.request;
        let options = WorkflowStartOptions::new(queues::MONEY, ids::donation(request.donation))
            .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .search_attributes(SearchAttributes::new([attributes::POT.value_set(request.pot.to_string())]))
            .build();
        let (signal, hint) = (Donation::payment_completed, RawValue::empty());
        self.client.signal_with_start_workflow(Donation::run, input, signal, hint, options).await?;
        Ok(())
    }
}
