//! Asking about points.

use temporalio_client::{WorkflowGetResultOptions, WorkflowIdConflictPolicy};
use wolo_workflows::revocation::{Revocation, RevocationInput};
use wolo_workflows::{ids, queues};

/// What is asked with, and answered.
pub use wolo_workflows::steps::points::{RevokePoints, Revoking};

use crate::{AskError, Control, again};

impl Control {
    /// Takes points back as a person has decided, and waits until that is written down. Another decision about them that is being
    /// carried out answers [`AskError::Ended`].
    pub async fn revoke_points(&self, revoke: RevokePoints) -> Result<Revoking, AskError> {
        let id = ids::revocation(revoke.award);
        let options = again(queues::LIFECYCLE, id, WorkflowIdConflictPolicy::Fail);
        let input = RevocationInput { revoke };
        let started = self.client.start_workflow(Revocation::run, input, options).await?;
        Ok(started.get_result(WorkflowGetResultOptions::default()).await?)
    }
}
