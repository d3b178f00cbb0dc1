//! Asking about payouts.

use temporalio_client::{WorkflowExecuteUpdateOptions, WorkflowQueryOptions};
use wolo_domain::ids::PotId;
use wolo_workflows::ids;
use wolo_workflows::payout::Payout;

/// What a payout's process is asked with, and answers.
pub use wolo_workflows::payout::{Approve, PayoutStatus, Resolve, Resolving};
pub use wolo_workflows::steps::payouts::Approving;

use crate::{AskError, Control};

impl Control {
    /// A pot's payout as its process sees it.
    pub async fn payout_status(&self, pot: PotId) -> Result<PayoutStatus, AskError> {
        let handle = self.client.get_workflow_handle::<Payout>(ids::payout(pot));
        Ok(handle.query(Payout::status, (), WorkflowQueryOptions::default()).await?)
    }

    /// Tells a payout that one person of finance approves it, and waits until that is written down.
    pub async fn approve_payout(&self, pot: PotId, approve: Approve) -> Result<Approving, AskError> {
        let handle = self.client.get_workflow_handle::<Payout>(ids::payout(pot));
        Ok(handle.execute_update(Payout::approve, approve, WorkflowExecuteUpdateOptions::default()).await?)
    }

    /// Tells a payout that waits for a person what has been decided.
    pub async fn resolve_payout(&self, pot: PotId, resolve: Resolve) -> Result<Resolving, AskError> {
        let handle = self.client.get_workflow_handle::<Payout>(ids::payout(pot));
        Ok(handle.execute_update(Payout::resolve, resolve, WorkflowExecuteUpdateOptions::default()).await?)
    }
}
