//! What is kept of a process that is stuck. Its world is gone when somebody asks, so its history is written to a file, in the form
//! that a replay reads, and the last thing that the engine complained of is told.

use anyhow::{Context as _, Result};
use temporalio_client::WorkflowFetchHistoryOptions;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowTaskFailedCause;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wolo_workflows::donation::Donation;

use crate::stage::Stage;

/// Says in words what is known of a process that does not go on, or not soon enough.
pub(crate) async fn of(stage: &Stage, process: &str) -> String {
    match kept(stage, process).await {
        Ok(words) => words,
        Err(why) => format!("the history of {process} cannot be had: {why:#}"),
    }
}

async fn kept(stage: &Stage, process: &str) -> Result<String> {
    // The type of the handle does not matter for reading a history.
    let handle = stage.control.client().get_workflow_handle::<Donation>(process);
    let json = handle.fetch_history(WorkflowFetchHistoryOptions::default()).to_json().await?;
    let folder = std::env::temp_dir().join("wolo-torture");
    std::fs::create_dir_all(&folder).context("there is no place for histories")?;
    let file = folder.join(format!("{}.json", process.replace('/', "-")));
    std::fs::write(&file, json).context("a history cannot be kept")?;
    let events = handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?;
    let complaint = events.iter().rev().find_map(|event| match &event.attributes {
        Some(Attributes::WorkflowTaskFailedEventAttributes(failed)) => {
            let cause =
                WorkflowTaskFailedCause::try_from(failed.cause).map_or("?", |cause| cause.as_str_name());
            let message = failed.failure.as_ref().map_or("", |failure| failure.message.as_str());
            Some(format!("{cause} at event {}: {message}", event.event_id))
        }
        _ => None,
    });
    let complaint = complaint.unwrap_or_else(|| "no task of it has failed".to_owned());
    Ok(format!("{process} has come to {} events ({complaint}); see {}", events.len(), file.display()))
}
