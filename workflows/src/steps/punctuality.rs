//! What is asked for to learn of steps that were due and have not been done. Nothing is done about them here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::punctuality::{Lateness, Punctuality};

pub struct Watch;

#[activity_definitions]
impl Watch {
    #[activity(name = "punctuality.find_late")]
    pub fn find_late(input: FindLate) -> Result<Lateness, ActivityError> {
        unimplemented!()
    }
}

pub use watch::FindLate as FindLateStep;

/// Finds what is late at a moment, and has each step told once to those who work here.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct FindLate {
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub rules: Punctuality,
}
