//! The builds of the workers, where the engine tells them apart: which there are, and which of them carries processes on.
//!
//! Every process moves to the build that is promoted, wherever it stands; what changed for it on the way is guarded by its patches.

use chrono::{DateTime, Utc};
use serde::Serialize;
use temporalio_client::NamespacedClient as _;
use temporalio_client::tonic::{Code, IntoRequest as _};
use temporalio_common::protos::temporal::api::deployment::v1::worker_deployment_info::WorkerDeploymentVersionSummary;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkerDeploymentRequest, SetWorkerDeploymentCurrentVersionRequest,
};
use wolo_workflows::queues::DEPLOYMENT;

use crate::{AskError, Control, moment};

/// A build of which a worker has asked for work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Build {
    pub id: String,
    /// When the first of its workers came.
    pub came: Option<DateTime<Utc>>,
    /// Since when it carries processes on; `None`: it does not.
    pub current_since: Option<DateTime<Utc>>,
}

/// What came of promoting a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promoting {
    Promoted,
    /// The engine's own words: no worker of it asks for work, or not on every queue that is served now.
    Refused(String),
}

impl Control {
    /// The builds the engine knows, the last to come first. Without versioned workers there are none.
    pub async fn builds(&self) -> Result<Vec<Build>, AskError> {
        let request = DescribeWorkerDeploymentRequest {
            namespace: self.client.namespace(),
            deployment_name: DEPLOYMENT.to_owned(),
        };
        let mut service = self.client.connection().workflow_service();
        let described = match service.describe_worker_deployment(request.into_request()).await {
            Err(status) if status.code() == Code::NotFound => return Ok(Vec::new()),
            described => described?.into_inner(),
        };
        let known = described.worker_deployment_info.unwrap_or_default().version_summaries;
        let mut builds: Vec<_> = known.into_iter().map(Build::from).collect();
        builds.sort_by_key(|build| std::cmp::Reverse(build.came));
        Ok(builds)
    }

    /// From now on every process is carried on by workers of this build. Once more changes nothing.
    pub async fn promote(&self, build: &str) -> Result<Promoting, AskError> {
        let request = SetWorkerDeploymentCurrentVersionRequest {
            namespace: self.client.namespace(),
            deployment_name: DEPLOYMENT.to_owned(),
            build_id: build.to_owned(),
            identity: self.client.identity(),
            ..SetWorkerDeploymentCurrentVersionRequest::default()
        };
        let mut service = self.client.connection().workflow_service();
        match service.set_worker_deployment_current_version(request.into_request()).await {
            Ok(_) => Ok(Promoting::Promoted),
            Err(status)
                if matches!(
                    status.code(),
                    Code::FailedPrecondition | Code::NotFound | Code::InvalidArgument
                ) =>
            {
                Ok(Promoting::Refused(status.message().to_owned()))
            }
            Err(status) => Err(status.into()),
        }
    }
}

impl From<WorkerDeploymentVersionSummary> for Build {
    fn from(known: WorkerDeploymentVersionSummary) -> Self {
        Self {
            id: known.deployment_version.unwrap_or_default().build_id,
            came: moment(known.create_time.as_ref()),
            current_since: moment(known.current_since_time.as_ref()),
        }
    }
}
