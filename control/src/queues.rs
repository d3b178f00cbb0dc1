//! Who serves a queue, as the engine knows it: whoever has asked it for work lately.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use temporalio_client::NamespacedClient as _;
use temporalio_client::tonic::IntoRequest as _;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueue};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeTaskQueueRequest;

/// The queues that there are.
pub use wolo_workflows::queues::ALL;

use crate::{AskError, Control};

/// What is asked for: processes to carry on, or steps to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Processes,
    Steps,
}

/// A worker that asks for work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poller {
    /// As the worker names itself.
    pub identity: String,
    pub last_asked_at: Option<DateTime<Utc>>,
}

impl Control {
    /// Who has asked for this work on a queue within the last minutes.
    pub async fn pollers(&self, queue: &str, work: Work) -> Result<Vec<Poller>, AskError> {
        let kind = match work {
            Work::Processes => TaskQueueType::Workflow,
            Work::Steps => TaskQueueType::Activity,
        };
        let request = DescribeTaskQueueRequest {
            namespace: self.client.namespace(),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..TaskQueue::default() }),
            task_queue_type: kind.into(),
            ..DescribeTaskQueueRequest::default()
        };
        let mut service = self.client.connection().workflow_service();
        let answer = service.describe_task_queue(request.into_request()).await?;
        Ok(answer.into_inner().pollers.into_iter().map(Poller::from).collect())
    }
}

impl From<PollerInfo> for Poller {
    fn from(info: PollerInfo) -> Self {
        let asked_at = info.last_access_time.and_then(|time| SystemTime::try_from(time).ok());
        Self { identity: info.identity, last_asked_at: asked_at.map(DateTime::from) }
    }
}
