//! What can go wrong in asking.

use temporalio_client::errors::{
    ClientError, WorkflowGetResultError, WorkflowInteractionError, WorkflowQueryError, WorkflowStartError,
    WorkflowUpdateError, WorkflowUpdateWithStartError,
};
use temporalio_client::tonic::{Code, Status};
use temporalio_common::protos::temporal::api::failure::v1::Failure;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use thiserror::Error;

/// Why a question was not answered. Refusals by the rules are not here: they are answers.
#[derive(Debug, Error)]
pub enum AskError {
    /// No such process runs, and none that the engine remembers has this name.
    #[error("there is no such process")]
    NotFound,
    /// The process has ended; its facts are in the database.
    #[error("the process has ended")]
    Ended,
    /// The engine is away, overloaded or slow. Asking again later is safe: names make every question repeatable.
    #[error("the workflow engine cannot be reached now")]
    Unavailable(#[source] Option<Status>),
    /// The process is there but has no answer yet, because what it waits for (a provider, a worker) is slow.
    #[error("the process has not answered in time")]
    NotYet,
    /// A bug, here or in a process.
    #[error("the workflow engine gave an answer that nobody expected")]
    Unexpected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AskError {
    fn from_status(status: Status) -> Self {
        match status.code() {
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::Ended,
            // "Workflow Task in failed state": the process is stuck on a fault of its code until a deploy.
            Code::FailedPrecondition => Self::NotYet,
            Code::Unavailable
            | Code::DeadlineExceeded
            | Code::ResourceExhausted
            | Code::Cancelled
            | Code::Aborted
            | Code::Internal
            | Code::Unknown => Self::Unavailable(Some(status)),
            _ => Self::Unexpected(Box::new(status)),
        }
    }
}

impl From<Status> for AskError {
    fn from(status: Status) -> Self {
        Self::from_status(status)
    }
}

impl From<ClientError> for AskError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Rpc(status) => Self::from_status(status),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<WorkflowStartError> for AskError {
    fn from(error: WorkflowStartError) -> Self {
        match error {
            WorkflowStartError::AlreadyStarted { .. } => Self::Ended,
            WorkflowStartError::Rpc(status) => Self::from_status(status),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<WorkflowUpdateError> for AskError {
    fn from(error: WorkflowUpdateError) -> Self {
        match error {
            WorkflowUpdateError::NotFound(_) => Self::NotFound,
            WorkflowUpdateError::Rpc(status) => Self::from_status(status),
            WorkflowUpdateError::Failed(failure) if tells_of_an_end(&failure) => Self::Ended,
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

/// The process ended without an answer; these are the engine's own words for it.
fn tells_of_an_end(failure: &Failure) -> bool {
    let Some(FailureInfo::ApplicationFailureInfo(info)) = &failure.failure_info else { return false };
    info.r#type == "AcceptedUpdateCompletedWorkflow"
}

impl From<WorkflowUpdateWithStartError> for AskError {
    fn from(error: WorkflowUpdateWithStartError) -> Self {
        match error {
            WorkflowUpdateWithStartError::Start(start) => start.into(),
            WorkflowUpdateWithStartError::Update(update) => update.into(),
            WorkflowUpdateWithStartError::Rpc(status) => Self::from_status(status),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<WorkflowQueryError> for AskError {
    fn from(error: WorkflowQueryError) -> Self {
        match error {
            WorkflowQueryError::NotFound(_) => Self::NotFound,
            WorkflowQueryError::Rpc(status) => Self::from_status(status),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<WorkflowInteractionError> for AskError {
    fn from(error: WorkflowInteractionError) -> Self {
        match error {
            WorkflowInteractionError::NotFound(_) => Self::NotFound,
            WorkflowInteractionError::Rpc(status) => Self::from_status(status),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<WorkflowGetResultError> for AskError {
    fn from(error: WorkflowGetResultError) -> Self {
        match error {
            WorkflowGetResultError::NotFound(_) => Self::NotFound,
            WorkflowGetResultError::Rpc(status) => Self::from_status(status),
            // Somebody ended it before it had an answer.
            WorkflowGetResultError::Cancelled { .. } | WorkflowGetResultError::Terminated { .. } => {
                Self::Ended
            }
            other => Self::Unexpected(Box::new(other)),
        }
    }
}
