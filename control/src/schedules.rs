//! Asking about the schedules, which start processes at their hours, and stopping one for a while.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use temporalio_client::RpcOptions;
use temporalio_client::schedules::{
    PauseScheduleOptions, ScheduleDescription, ScheduleError, ScheduleOverlapPolicy, TriggerScheduleOptions,
    UnpauseScheduleOptions,
};

/// The schedules that there are.
pub use wolo_workflows::ids::SCHEDULES as ALL;

use crate::{AskError, Control};

/// A schedule as the engine knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub paused: bool,
    /// What was said when it was last paused or let go on.
    pub note: Option<String>,
    /// When it starts its process next, if it is not paused.
    pub next: Option<DateTime<Utc>>,
    /// When it last did, and the process.
    pub last: Option<(DateTime<Utc>, String)>,
    /// Processes of it that have not ended.
    pub running: Vec<String>,
    /// How often it was too late to make up for an hour at which no engine was there.
    pub missed: i64,
}

impl Standing {
    /// That of one that is not there.
    pub fn nothing() -> Self {
        Self { paused: false, note: None, next: None, last: None, running: Vec::new(), missed: 0 }
    }
}

impl From<ScheduleDescription> for Standing {
    fn from(known: ScheduleDescription) -> Self {
        let last = known
            .recent_actions()
            .pop()
            .and_then(|action| Some((DateTime::from(action.actual_time?), action.workflow_id)));
        Self {
            paused: known.paused(),
            note: known.note().filter(|note| !note.is_empty()).map(ToOwned::to_owned),
            next: known.future_action_times().into_iter().map(from).next().filter(|_| !known.paused()),
            last,
            running: known.running_actions().into_iter().map(|action| action.workflow_id).collect(),
            missed: known.missed_catchup_window(),
        }
    }
}

fn from(time: SystemTime) -> DateTime<Utc> {
    time.into()
}

impl Control {
    /// How a schedule stands. One that no worker has made yet is [`AskError::NotFound`].
    pub async fn schedule(&self, id: &str) -> Result<Standing, AskError> {
        let handle = self.client.get_schedule_handle(id);
        Ok(handle.describe(RpcOptions::default()).await?.into())
    }

    /// Lets a schedule start nothing until it is let go on.
    pub async fn pause_schedule(&self, id: &str, note: &str) -> Result<(), AskError> {
        Ok(self.client.get_schedule_handle(id).pause(Some(note), PauseScheduleOptions::default()).await?)
    }

    pub async fn resume_schedule(&self, id: &str, note: &str) -> Result<(), AskError> {
        Ok(self.client.get_schedule_handle(id).unpause(Some(note), UnpauseScheduleOptions::default()).await?)
    }

    /// Starts its process now, unless one runs: a second one beside it would do the same.
    pub async fn trigger_schedule(&self, id: &str) -> Result<(), AskError> {
        let handle = self.client.get_schedule_handle(id);
        Ok(handle.trigger(ScheduleOverlapPolicy::Skip, TriggerScheduleOptions::default()).await?)
    }
}

impl From<ScheduleError> for AskError {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::Rpc(status) => Self::from(status),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}
