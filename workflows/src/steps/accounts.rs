//! What is asked to be done about accounts.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

pub struct Accounts;

#[activity_definitions]
impl Accounts {
    #[activity(name = "accounts.forget_leftovers")]
    pub fn forget_leftovers(input: ForgetLeftovers) -> Result<Forgotten, ActivityError> {
        unimplemented!()
    }
}

pub use accounts::ForgetLeftovers as ForgetLeftoversStep;

/// Forgets what was needed to let people in and had its time before these moments.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ForgetLeftovers {
    /// For codes, guesses and accounts that were wanted and never proved.
    pub leftovers_before: DateTime<Utc>,
    /// For sessions that have ended.
    pub sessions_before: DateTime<Utc>,
}

/// How many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    pub codes: u64,
    pub registrations: u64,
    pub guesses: u64,
    pub sessions: u64,
    #[serde(default)]
    pub invited: u64,
}
