//! Giving up somebody's cases: their consent has ended, or their account is closed.

use chrono::{DateTime, Utc};
use temporalio_client::errors::WorkflowUpdateError;
use temporalio_client::{Client, WorkflowExecuteUpdateOptions};
use temporalio_sdk::activities::ActivityError;
use wolo_database::{Pool, identities};
use wolo_domain::identities::CaseEnd;
use wolo_domain::ids::CaseId;
use wolo_workflows::identity_review::IdentityReview;
use wolo_workflows::ids;

/// Asks each case's process, which destroys its documents at once. For one that somebody has ended it is written down, and whoever begins
/// the process again has it destroyed.
pub(crate) async fn give_up(
    pool: &Pool,
    client: &Client,
    cases: Vec<CaseId>,
    at: DateTime<Utc>,
) -> Result<(), ActivityError> {
    for case in cases {
        let process = client.get_workflow_handle::<IdentityReview>(ids::identity(case));
        match process
            .execute_update(IdentityReview::give_up, (), WorkflowExecuteUpdateOptions::default())
            .await
        {
            Ok(_) => {}
            Err(WorkflowUpdateError::NotFound(_)) => {
                identities::end(pool, case, CaseEnd::GivenUp, at, at).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
