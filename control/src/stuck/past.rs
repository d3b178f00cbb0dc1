//! The last page of a process's history: since when, and over what it stumbled.

use chrono::{DateTime, Utc};
use temporalio_client::NamespacedClient as _;
use temporalio_client::tonic::IntoRequest as _;
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowTaskFailedCause;
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use temporalio_common::protos::temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryReverseRequest;

use super::Fault;
use crate::{AskError, Control, moment};

/// What stands still has done nothing lately, so what it waits for is among its last events.
const LAST_EVENTS: i32 = 100;

/// The last events of a process, the last first.
pub(super) struct Past(Vec<HistoryEvent>);

/// A task that the process's code could not do.
pub(super) struct FailedTask {
    pub(super) at: Option<DateTime<Utc>>,
    cause: Option<WorkflowTaskFailedCause>,
    failure: Option<Failure>,
}

impl Control {
    pub(super) async fn past(&self, process: &str, run: &str) -> Result<Past, AskError> {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: self.client.namespace(),
            execution: Some(WorkflowExecution { workflow_id: process.to_owned(), run_id: run.to_owned() }),
            maximum_page_size: LAST_EVENTS,
            next_page_token: Vec::new(),
        };
        let mut service = self.client.connection().workflow_service();
        let answer = service.get_workflow_execution_history_reverse(request.into_request()).await?;
        Ok(Past(answer.into_inner().history.map(|history| history.events).unwrap_or_default()))
    }

    /// What the code stumbled over.
    pub(super) async fn stumble(&self, failed: Option<FailedTask>) -> Option<Fault> {
        let FailedTask { cause, failure, .. } = failed?;
        let name = cause.map(|cause| {
            cause.as_str_name().trim_start_matches("WORKFLOW_TASK_FAILED_CAUSE_").to_ascii_lowercase()
        });
        let words = match failure {
            Some(failure) => self.fault(failure).await.words,
            None => "the worker did not end the task in time".to_owned(),
        };
        Some(Fault { kind: name, words })
    }
}

impl Past {
    /// When a step was asked for that is tried again since.
    pub(super) fn asked_for(&self, activity_id: &str) -> Option<DateTime<Utc>> {
        self.when(|what| match what {
            Attributes::ActivityTaskScheduledEventAttributes(step) => step.activity_id == activity_id,
            _ => false,
        })
    }

    /// When the process last said where it stands.
    pub(super) fn said_so(&self) -> Option<DateTime<Utc>> {
        self.when(|what| match what {
            Attributes::UpsertWorkflowSearchAttributesEventAttributes(said) => {
                let said = said.search_attributes.as_ref();
                said.is_some_and(|said| said.indexed_fields.contains_key("WoloStatus"))
            }
            _ => false,
        })
    }

    /// The engine writes down the first failure of a task, and none of its repetitions.
    pub(super) fn failed_task(&self) -> Option<FailedTask> {
        self.0.iter().find_map(|event| match event.attributes.as_ref()? {
            Attributes::WorkflowTaskFailedEventAttributes(failed) => Some(FailedTask {
                at: moment(event.event_time.as_ref()),
                cause: WorkflowTaskFailedCause::try_from(failed.cause).ok(),
                failure: failed.failure.clone(),
            }),
            Attributes::WorkflowTaskTimedOutEventAttributes(_) => {
                Some(FailedTask { at: moment(event.event_time.as_ref()), cause: None, failure: None })
            }
            _ => None,
        })
    }

    fn when(&self, is_it: impl Fn(&Attributes) -> bool) -> Option<DateTime<Utc>> {
        let event = self.0.iter().find(|event| event.attributes.as_ref().is_some_and(&is_it))?;
        moment(event.event_time.as_ref())
    }
}
