//! Who serves a queue, as the engine knows it: whoever has asked it for work lately; and what waits on it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use temporalio_client::NamespacedClient as _;
use temporalio_client::tonic::IntoRequest as _;
use temporalio_common::protos::temporal::api::enums::v1::TaskQueueType;
use temporalio_common::protos::temporal::api::taskqueue::v1::{PollerInfo, TaskQueue};
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeTaskQueueRequest, DescribeTaskQueueResponse,
};

/// The queues that there are.
pub use wolo_workflows::queues::ALL;

use crate::{AskError, Control, moment};

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

impl Work {
    pub const ALL: [Self; 2] = [Self::Processes, Self::Steps];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Steps => "steps",
        }
    }
}

/// What waits on a queue, as far as the engine knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Workers that have asked for this work within the last minutes.
    pub pollers: usize,
    /// What nobody has taken yet, about.
    pub backlog: i64,
    /// For how long the oldest of it has waited, about.
    pub oldest: Duration,
}

impl Control {
    /// Who has asked for this work on a queue within the last minutes.
    pub async fn pollers(&self, queue: &str, work: Work) -> Result<Vec<Poller>, AskError> {
        let described = self.described(queue, work).await?;
        Ok(described.pollers.into_iter().map(Poller::from).collect())
    }

    /// How much of this work waits on a queue, and how many ask for it.
    pub async fn load(&self, queue: &str, work: Work) -> Result<Load, AskError> {
        let described = self.described(queue, work).await?;
        let stats = described.stats.unwrap_or_default();
        let oldest = stats.approximate_backlog_age.and_then(|age| Duration::try_from(age).ok());
        Ok(Load {
            pollers: described.pollers.len(),
            backlog: stats.approximate_backlog_count,
            oldest: oldest.unwrap_or_default(),
        })
    }

    async fn described(&self, queue: &str, work: Work) -> Result<DescribeTaskQueueResponse, AskError> {
        let kind = match work {
            Work::Processes => TaskQueueType::Workflow,
            Work::Steps => TaskQueueType::Activity,
        };
        let request = DescribeTaskQueueRequest {
            namespace: self.client.namespace(),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..TaskQueue::default() }),
            task_queue_type: kind.into(),
            report_stats: true,
            ..DescribeTaskQueueRequest::default()
        };
        let mut service = self.client.connection().workflow_service();
        Ok(service.describe_task_queue(request.into_request()).await?.into_inner())
    }
}

impl From<PollerInfo> for Poller {
    fn from(info: PollerInfo) -> Self {
        Self { last_asked_at: moment(info.last_access_time.as_ref()), identity: info.identity }
    }
}
