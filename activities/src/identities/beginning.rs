//! Starting the process of a case, for whoever wants one.

use temporalio_client::errors::WorkflowStartError;
use temporalio_client::{Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowStartOptions};
use wolo_workflows::identity_review::{IdentityInput, IdentityReview};
use wolo_workflows::{attributes, ids, queues};

/// Starts it, unless it runs. One that somebody ended is begun again.
pub(super) async fn begin(client: &Client, input: IdentityInput) -> Result<(), WorkflowStartError> {
    let options = WorkflowStartOptions::new(queues::IDENTITY, ids::identity(input.case))
        .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .search_attributes(attributes::of_case(input.subject))
        .build();
    match client.start_workflow(IdentityReview::run, input, options).await {
        Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
