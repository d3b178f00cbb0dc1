//! The story of a process, from its history: what it was begun with, what it asked for and what came of that, what it was told,
//! what it waited for, and how it ended. What it carries is decrypted, and what says something of people is hidden.
//!
//! A process that has become long goes on as a new run; a story has all runs that the engine still knows, and says what it lacks
//! before them: that may stand in the archive.

mod archived;
mod lines;
mod listing;
mod telling;

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;
use temporalio_client::{WorkflowFetchHistoryOptions, WorkflowHandle};
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::payload_visitor::decode_payloads;
use temporalio_common::protos::temporal::api::history::v1::HistoryEvent;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wolo_workflows::donation::Donation;

use archived::Lacking;
pub use archived::{Archived, Unreadable};
pub use lines::Line;
pub use listing::{Listed, Wanted};

use crate::stuck::Stuck;
use crate::{AskError, Control};

/// More runs of one process are not told of: the first of so many are long forgotten.
const MOST_RUNS: usize = 100;

/// What became of a process, run after run.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    pub process: String,
    pub runs: Vec<Run>,
    /// Why it does not go on, if it does not.
    pub stuck: Option<Stuck>,
    #[serde(skip)]
    lacking: Lacking,
}

/// One run: from its beginning to its end, or to now.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    pub run: String,
    /// The type of the process.
    pub kind: String,
    pub began: Option<DateTime<Utc>>,
    /// None while it runs.
    pub ended: Option<DateTime<Utc>>,
    /// The engine has forgotten it, and what it carried was not kept.
    pub archived: bool,
    pub lines: Vec<Line>,
}

impl Control {
    /// The story of a process: all of its runs, or one.
    pub async fn story(
        &self,
        process: &str,
        run: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Story, AskError> {
        let alone = run.is_some();
        let mut next = match run {
            Some(run) => run,
            None => self.last_run(process).await?,
        };
        let mut runs = VecDeque::new();
        let lacking = loop {
            let events = match self.events(process, &next).await {
                Ok(events) => events,
                // An earlier run is forgotten before a later one.
                Err(AskError::NotFound) if !runs.is_empty() => break Lacking::Run(next),
                Err(error) => return Err(error),
            };
            let before = continued_from(&events);
            runs.push_front(self.tell(events, next).await);
            match before {
                Some(before) if !alone && runs.len() < MOST_RUNS => next = before,
                _ => break Lacking::Nothing,
            }
        };
        let runs_on = runs.back().is_some_and(|run| run.ended.is_none());
        let stuck = if runs_on { self.look_at(process.to_owned(), now).await? } else { None };
        Ok(Story { process: process.to_owned(), runs: runs.into(), stuck, lacking })
    }

    /// The events of a run, decrypted and with everything in them; of the last one, where none is named.
    pub async fn history(&self, process: &str, run: Option<String>) -> Result<Vec<HistoryEvent>, AskError> {
        let run = match run {
            Some(run) => run,
            None => self.last_run(process).await?,
        };
        let mut events = self.events(process, &run).await?;
        let codec = self.client.options().data_converter.codec();
        for event in &mut events {
            decode_payloads(event, codec, &SerializationContextData::None)
                .await
                .map_err(|error| AskError::Unexpected(Box::new(error)))?;
        }
        Ok(events)
    }

    /// The events of a run, as the engine keeps them.
    async fn events(&self, process: &str, run: &str) -> Result<Vec<HistoryEvent>, AskError> {
        // The type of the handle does not matter for reading a history.
        let handle = self.client.get_workflow_handle::<Donation>(process);
        let mut info = handle.info().clone();
        info.run_id = Some(run.to_owned());
        let handle: WorkflowHandle<_, Donation> = WorkflowHandle::new(self.client.clone(), info);
        Ok(handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await?)
    }

    async fn last_run(&self, process: &str) -> Result<String, AskError> {
        let described = self.describe(process).await?;
        let execution = described.workflow_execution_info.and_then(|info| info.execution);
        Ok(execution.map(|execution| execution.run_id).unwrap_or_default())
    }

    /// Tells what stands in a history, wherever it was kept.
    async fn tell(&self, mut events: Vec<HistoryEvent>, run: String) -> Run {
        let codec = self.client.options().data_converter.codec();
        for event in &mut events {
            // What cannot be decrypted is left, and the story says so.
            let kept = event.clone();
            if decode_payloads(event, codec, &SerializationContextData::None).await.is_err() {
                *event = kept;
            }
        }
        telling::tell(&events, run)
    }
}

/// The run that this one goes on with.
fn continued_from(events: &[HistoryEvent]) -> Option<String> {
    let Attributes::WorkflowExecutionStartedEventAttributes(started) = events.first()?.attributes.as_ref()?
    else {
        return None;
    };
    Some(started.continued_execution_run_id.clone()).filter(|run| !run.is_empty())
}
