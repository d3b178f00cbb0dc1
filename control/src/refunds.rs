//! Asking about refunds.

use temporalio_client::{WorkflowExecuteUpdateOptions, WorkflowQueryOptions};
use wolo_domain::ids::DonationId;
use wolo_workflows::ids;
use wolo_workflows::refund::Refund;

/// What a refund's process is asked with, and answers.
pub use wolo_workflows::pot_lifecycle::Wish;
pub use wolo_workflows::refund::{RefundStatus, TryingAgain};

use crate::{AskError, Control};

impl Control {
    /// A gift's refund as its process sees it.
    pub async fn refund_status(&self, donation: DonationId) -> Result<RefundStatus, AskError> {
        let handle = self.client.get_workflow_handle::<Refund>(ids::refund(donation));
        Ok(handle.query(Refund::status, (), WorkflowQueryOptions::default()).await?)
    }

    /// Tells a refund that Wave has refused that it is worth another try now.
    pub async fn retry_refund(&self, donation: DonationId, wish: Wish) -> Result<TryingAgain, AskError> {
        let handle = self.client.get_workflow_handle::<Refund>(ids::refund(donation));
        Ok(handle.execute_update(Refund::try_again, wish, WorkflowExecuteUpdateOptions::default()).await?)
    }
}
