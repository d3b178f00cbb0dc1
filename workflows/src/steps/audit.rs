//! What is asked of the audit trail as a whole.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

pub struct Trail;

#[activity_definitions]
impl Trail {
    #[activity(name = "audit.seal_the_end")]
    pub fn seal_the_end(input: SealTheEnd) -> Result<SealedEnd, ActivityError> {
        unimplemented!()
    }
}

pub use trail::SealTheEnd as SealTheEndStep;

/// Seals how far the trail reaches, once for each end.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SealTheEnd {
    pub at: DateTime<Utc>,
}

/// The sealed word of how far it reaches; none while nothing was done that it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEnd {
    pub checkpoint: Option<String>,
}
