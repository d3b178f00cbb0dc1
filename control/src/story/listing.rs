//! Processes by their type and where they stand, as the engine's index has them.

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use serde::Serialize;
use temporalio_client::WorkflowListOptions;
use wolo_workflows::attributes;

use crate::{AskError, Control, moment};

/// Which processes one wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Their type, such as `PotLifecycle`.
    pub kind: Option<String>,
    /// Where they stand, such as `open`.
    pub stage: Option<String>,
    pub running: bool,
    pub at_most: usize,
}

/// A process in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    pub process: String,
    pub kind: String,
    pub run: String,
    /// Where it stands; nothing where it has said nothing.
    pub stage: Option<String>,
    pub began: Option<DateTime<Utc>>,
    /// None while it runs.
    pub ended: Option<DateTime<Utc>>,
}

impl Wanted {
    fn question(&self) -> String {
        // What is no word of ours is in no index.
        let word = |text: &String| {
            text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
        };
        let kind = self.kind.as_ref().map(|kind| format!("WorkflowType = '{}'", word(kind)));
        let stage = self.stage.as_ref().map(|stage| format!("WoloStatus = '{}'", word(stage)));
        let running = self.running.then(|| "ExecutionStatus = 'Running'".to_owned());
        [kind, stage, running].into_iter().flatten().collect::<Vec<_>>().join(" AND ")
    }
}

impl Control {
    /// Processes, the last begun first.
    pub async fn processes(&self, wanted: &Wanted) -> Result<Vec<Listed>, AskError> {
        let options = WorkflowListOptions::builder().limit(wanted.at_most).build();
        let mut found = self.client.list_workflows(wanted.question(), options);
        let mut listed = Vec::new();
        while let Some(process) = found.try_next().await? {
            listed.push(Listed {
                process: process.id().to_owned(),
                kind: process.workflow_type().to_owned(),
                run: process.run_id().to_owned(),
                stage: process.search_attributes().get(&attributes::STATUS),
                began: moment(process.raw().start_time.as_ref()),
                ended: moment(process.raw().close_time.as_ref()),
            });
        }
        Ok(listed)
    }
}
