//! Asking about refunds.

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{
    WorkflowExecuteUpdateOptions, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions,
    WorkflowStartOptions,
};
use wolo_domain::ids::{DonationId, PotId};
use wolo_workflows::refund::{Refund, RefundInput};
use wolo_workflows::{attributes, ids, queues};

/// What a refund's process is asked with, and answers.
pub use wolo_workflows::pot_lifecycle::Wish;
pub use wolo_workflows::refund::{RefundPatience, RefundStatus, TryingAgain};

use crate::{AskError, Control, TakingUp};

impl Control {
    /// A gift's refund as its process sees it.
    pub async fn refund_status(&self, donation: DonationId) -> Result<RefundStatus, AskError> {
        let handle = self.client.get_workflow_handle::<Refund>(ids::refund(donation));
        Ok(handle.query(Refund::status, (), WorkflowQueryOptions::default()).await?)
    }

    /// Whether a gift has a process now that gives it back.
    pub async fn refund_runs(&self, donation: DonationId) -> Result<bool, AskError> {
        self.runs::<Refund>(ids::refund(donation)).await
    }

    /// Starts the process that gives a gift back, because somebody ended it. Where one runs, nothing happens.
    pub async fn take_up_refund(
        &self,
        donation: DonationId,
        pot: PotId,
        patience: RefundPatience,
    ) -> Result<TakingUp, AskError> {
        let options = WorkflowStartOptions::new(queues::MONEY, ids::refund(donation))
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
            .search_attributes(attributes::of_refund(pot))
            .build();
        let input = RefundInput { donation, patience, refusals: 0 };
        match self.client.start_workflow(Refund::run, input, options).await {
            Ok(_) => Ok(TakingUp::Started),
            Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(TakingUp::Running),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells a refund that Wave has refused that it is worth another try now.
    pub async fn retry_refund(&self, donation: DonationId, wish: Wish) -> Result<TryingAgain, AskError> {
        let handle = self.client.get_workflow_handle::<Refund>(ids::refund(donation));
        Ok(handle.execute_update(Refund::try_again, wish, WorkflowExecuteUpdateOptions::default()).await?)
    }
}
