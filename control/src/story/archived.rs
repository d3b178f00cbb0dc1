//! What the engine has forgotten of a story, from the archive. It has what happened and when, and nothing of what was carried.

use chrono::{DateTime, Utc};
use prost::Message as _;
use serde_json::Value;
use temporalio_common::protos::temporal::api::history::v1::History;
use thiserror::Error;
use wolo_domain::histories::{FORMAT, Lacks};

use super::{Line, Run, Story, continued_from, telling};

/// A run as it is archived.
#[derive(Clone, Debug)]
pub struct Archived {
    pub run: String,
    pub kind: String,
    pub began: Option<DateTime<Utc>>,
    pub ended: DateTime<Utc>,
    /// The number of the way in which it is written, and the history; or why there is none.
    pub history: Result<(i16, Vec<u8>), Lacks>,
}

/// What a story lacks at its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    Nothing,
    /// The last run of the process, and what it goes on from.
    Last,
    /// One run, and what it goes on from.
    Run(String),
    /// One run, and nothing before it.
    RunAlone(String),
}

#[derive(Debug, Error)]
#[error("run {run} is archived in a way that this program does not read ({format})")]
pub struct Unreadable {
    run: String,
    format: i16,
    #[source]
    source: Option<prost::DecodeError>,
}

impl Story {
    /// The story of a process of which the engine knows nothing: all of its runs, or one.
    pub fn forgotten(process: &str, run: Option<String>) -> Self {
        let lacking = run.map_or(Lacking::Last, Lacking::RunAlone);
        Self { process: process.to_owned(), runs: Vec::new(), stuck: None, lacking }
    }

    /// Whether something may stand in the archive that comes before all that is told.
    pub fn lacks_its_beginning(&self) -> bool {
        self.lacking != Lacking::Nothing
    }

    /// The run that it lacks; the last one of the process, where none is named.
    pub fn lacks_run(&self) -> Option<&str> {
        match &self.lacking {
            Lacking::Run(run) | Lacking::RunAlone(run) => Some(run),
            Lacking::Nothing | Lacking::Last => None,
        }
    }

    /// Begins with the run that it lacked.
    pub fn begin_with(&mut self, archived: Archived) -> Result<(), Unreadable> {
        let Archived { run, kind, began, ended, history } = archived;
        let alone = matches!(self.lacking, Lacking::RunAlone(_));
        self.lacking = Lacking::Nothing;
        let told = match history {
            Ok((FORMAT, bytes)) => {
                let unreadable =
                    |source| Unreadable { run: run.clone(), format: FORMAT, source: Some(source) };
                let events = History::decode(bytes.as_slice()).map_err(unreadable)?.events;
                if let Some(before) = continued_from(&events).filter(|_| !alone) {
                    self.lacking = Lacking::Run(before);
                }
                Run { archived: true, ..telling::tell(&events, run) }
            }
            Ok((format, _)) => return Err(Unreadable { run, format, source: None }),
            Err(lacks) => {
                Run { run, kind, began, ended: Some(ended), archived: true, lines: vec![lost(ended, lacks)] }
            }
        };
        self.runs.insert(0, told);
        Ok(())
    }
}

fn lost(ended: DateTime<Utc>, lacks: Lacks) -> Line {
    let why = match lacks {
        Lacks::Gone => "the engine had forgotten it",
        Lacks::TooLong => "it was too long",
    };
    let words = format!("ends; what happened until then is not archived: {why}");
    Line { at: Some(ended), what: "lost", words, carried: Value::Null }
}
