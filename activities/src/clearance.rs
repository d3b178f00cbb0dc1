//! Telling the processes of a minor's pots what a guardian or a reviewer has decided: it is in the books already, and they look there.

use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{Client, WorkflowSignalOptions};
use temporalio_common::data_converters::RawValue;
use temporalio_sdk::activities::ActivityError;
use wolo_domain::ids::PotId;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::PotLifecycle;

/// Tells that pots are held, or are not any more. A process that has ended has no use for it.
pub(crate) async fn tell_the_pots(client: &Client, pots: &[PotId]) -> Result<(), ActivityError> {
    for pot in pots {
        let process = client.get_workflow_handle::<PotLifecycle>(ids::pot_lifecycle(*pot));
        let options = WorkflowSignalOptions::default();
        match process.signal(PotLifecycle::holds_changed, RawValue::empty(), options).await {
            Ok(()) | Err(WorkflowInteractionError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
