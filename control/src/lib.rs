//! The verbs one may ask of a running process: start, signal, update, query. The API and the CLI share them.
//!
//! This crate refuses to decide and to act. It turns a typed question into a message to the engine and the
//! engine's answer into a typed one; what cannot be answered now is an error that says whether asking again helps.

pub mod birthdays;
pub mod books;
pub mod builds;
pub mod closures;
pub mod consents;
pub mod donations;
mod error;
mod failures;
pub mod identities;
pub mod invitations;
pub mod masking;
pub mod notices;
pub mod payouts;
pub mod points;
pub mod pots;
pub mod queues;
pub mod refunds;
pub mod schedules;
pub mod story;
pub mod stuck;
pub mod time;

use std::collections::HashSet;
use std::hash::Hash;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
pub use error::AskError;
use futures::TryStreamExt as _;
use temporalio_client::{
    Client, WorkflowDescribeOptions, WorkflowExecutionStatus, WorkflowIdConflictPolicy,
    WorkflowIdReusePolicy, WorkflowListOptions, WorkflowStartOptions,
};
use temporalio_common::HasWorkflowDefinition;
use url::Url;
/// The names of processes, as answers and links show them.
pub use wolo_workflows::ids;

/// What came of starting a process again that somebody has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakingUp {
    Started,
    /// One was there.
    Running,
}

/// A connection to the engine, from which every question is asked.
#[derive(Clone)]
pub struct Control {
    client: Client,
}

impl Control {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What the processes of a type that run are about, by the engine's index: their names without what they begin with.
    async fn running<Id: FromStr + Eq + Hash>(
        &self,
        kind: &str,
        prefix: &str,
    ) -> Result<HashSet<Id>, AskError> {
        let running = format!("WorkflowType = '{kind}' AND ExecutionStatus = 'Running'");
        let mut found = self.client.list_workflows(running, WorkflowListOptions::default());
        let mut ids = HashSet::new();
        while let Some(process) = found.try_next().await? {
            ids.extend(process.id().strip_prefix(prefix).and_then(|id| id.parse().ok()));
        }
        Ok(ids)
    }

    /// Whether a process of this name runs now.
    async fn runs<W: HasWorkflowDefinition>(&self, id: String) -> Result<bool, AskError> {
        let handle = self.client.get_workflow_handle::<W>(id);
        match handle.describe(WorkflowDescribeOptions::default()).await.map_err(AskError::from) {
            Ok(process) => Ok(!matches!(
                process.status(),
                WorkflowExecutionStatus::Completed
                    | WorkflowExecutionStatus::Failed
                    | WorkflowExecutionStatus::Canceled
                    | WorkflowExecutionStatus::Terminated
                    | WorkflowExecutionStatus::TimedOut
            )),
            Err(AskError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A moment as the engine's protocol writes it.
fn moment<T: Clone>(time: Option<&T>) -> Option<DateTime<Utc>>
where
    SystemTime: TryFrom<T>,
{
    Some(SystemTime::try_from(time?.clone()).ok()?.into())
}

/// The page of a process in the engine's web pages. Our ids have slashes in them, which must not part the path.
pub fn process_page(ui: &Url, namespace: &str, process: &str) -> Option<String> {
    let mut page = ui.clone();
    page.path_segments_mut().ok()?.pop_if_empty().extend(["namespaces", namespace, "workflows", process]);
    Some(page.into())
}

/// Of one name there is one at a time, and another when that has ended.
fn again(queue: &str, id: String, conflict: WorkflowIdConflictPolicy) -> WorkflowStartOptions {
    WorkflowStartOptions::new(queue, id)
        .id_conflict_policy(conflict)
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_process_keeps_its_id_in_one_piece() {
        let page = process_page(&"http://127.0.0.1:8233".parse().unwrap(), "default", "pot/pot_1").unwrap();
        assert_eq!(page, "http://127.0.0.1:8233/namespaces/default/workflows/pot%2Fpot_1");
    }
}
