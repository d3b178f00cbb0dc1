//! What is asked for to keep what ended processes went through.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

pub struct Archive;

#[activity_definitions]
impl Archive {
    #[activity(name = "histories.archive")]
    pub fn archive(input: ArchiveHistories) -> Result<ArchivedStretch, ActivityError> {
        unimplemented!()
    }
}

pub use archive::Archive as ArchiveHistoriesStep;

/// Archives what ended in the stretch of time after all that is archived, and notes that it is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ArchiveHistories {
    pub now: DateTime<Utc>,
    /// A history that is longer at the engine is not read.
    pub longest_bytes: u64,
}

/// What a stretch of time came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedStretch {
    /// Up to when everything that has ended is archived.
    pub until: DateTime<Utc>,
    /// Whether there is another stretch after it.
    pub more: bool,
    #[serde(flatten)]
    pub runs: ArchivedRuns,
}

/// How many runs of processes there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedRuns {
    pub archived: u64,
    /// Of these the engine forgot the history after it had named it.
    pub gone: u64,
    pub too_long: u64,
}
