//! Moving a process forward in time, for rehearsals, demonstrations and tests.
//!
//! The engine skips the waits of one process while everything it does stays real. It must be started with
//! `frontend.WorkflowTimeSkippingEnabled=true`, which no production server is.

use std::time::Duration;

use prost_wkt_types::FieldMask;
use temporalio_client::tonic::IntoRequest;
use temporalio_client::{NamespacedClient, WorkflowDescribeOptions};
use temporalio_common::protos::temporal::api::common::v1::{
    FastForwardConfig, TimeSkippingConfig, WorkflowExecution as Execution,
};
use temporalio_common::protos::temporal::api::enums::v1::FastForwardPollingResult;
use temporalio_common::protos::temporal::api::workflow::v1::WorkflowExecutionOptions;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    PollWorkflowExecutionTimeSkippingRequest, UpdateWorkflowExecutionOptionsRequest,
};
use thiserror::Error;
use uuid::Uuid;
use wolo_workflows::pot_lifecycle::PotLifecycle;

use crate::{AskError, Control};

#[derive(Debug, Error)]
pub enum ForwardError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("time cannot be moved that far")]
    TooFar,
}

/// How far the time was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// The process has lived through the whole of it.
    Whole,
    /// The process came to its end on the way.
    EndedOnTheWay,
    /// The process waits for something that no moving of time brings about: a person, a provider, a worker. It moves on
    /// when that has come.
    StillOnTheWay,
}

/// A process that has not got there in this time waits for something else than time.
const LONG_ENOUGH: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_millis(50);

impl Control {
    /// Moves a running process forward and returns when everything that falls due on the way has been done.
    pub async fn forward(&self, workflow_id: &str, by: Duration) -> Result<Forwarded, ForwardError> {
        let execution = Execution { workflow_id: workflow_id.to_owned(), run_id: String::new() };
        let id = Uuid::new_v4().to_string();
        let duration = prost_wkt_types::Duration {
            seconds: i64::try_from(by.as_secs()).map_err(|_| ForwardError::TooFar)?,
            nanos: i32::try_from(by.subsec_nanos()).map_err(|_| ForwardError::TooFar)?,
        };
        let options = UpdateWorkflowExecutionOptionsRequest {
            namespace: self.client.namespace(),
            workflow_execution: Some(execution.clone()),
            workflow_execution_options: Some(WorkflowExecutionOptions {
                time_skipping_config: Some(TimeSkippingConfig {
                    enabled: true,
                    fast_forward_config: Some(FastForwardConfig { id: id.clone(), duration: Some(duration) }),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            update_mask: Some(FieldMask { paths: vec!["time_skipping_config".to_owned()] }),
            ..Default::default()
        };
        let mut engine = self.client.connection().workflow_service();
        engine.update_workflow_execution_options(options.into_request()).await.map_err(AskError::from)?;
        let arrival = async {
            let forwarded = self.arrival(execution, id).await?;
            self.rest(workflow_id).await?;
            Ok(forwarded)
        };
        match tokio::time::timeout(LONG_ENOUGH, arrival).await {
            Ok(forwarded) => forwarded,
            Err(_) => Ok(Forwarded::StillOnTheWay),
        }
    }

    async fn arrival(&self, execution: Execution, id: String) -> Result<Forwarded, ForwardError> {
        let mut engine = self.client.connection().workflow_service();
        loop {
            let poll = PollWorkflowExecutionTimeSkippingRequest {
                namespace: self.client.namespace(),
                workflow_execution: Some(execution.clone()),
                fast_forward_id: id.clone(),
            };
            let answer = engine
                .poll_workflow_execution_time_skipping(poll.into_request())
                .await
                .map_err(AskError::from)?
                .into_inner();
            match answer.fast_forward_polling_result() {
                FastForwardPollingResult::FastForwardCompleted => return Ok(Forwarded::Whole),
                FastForwardPollingResult::FastForwardFailed => return Ok(Forwarded::EndedOnTheWay),
                FastForwardPollingResult::PollTimeout | FastForwardPollingResult::Unspecified => {}
            }
        }
    }
    /// Time has arrived before what fell due last is done: waits until no step and no decision is under way.
    async fn rest(&self, workflow_id: &str) -> Result<(), ForwardError> {
        // The type of the handle does not matter for looking at a process.
        let process = self.client.get_workflow_handle::<PotLifecycle>(workflow_id);
        loop {
            let looked =
                process.describe(WorkflowDescribeOptions::default()).await.map_err(AskError::from)?;
            let now = looked.raw_description;
            if now.pending_activities.is_empty() && now.pending_workflow_task.is_none() {
                return Ok(());
            }
            tokio::time::sleep(SOON).await;
        }
    }
}
