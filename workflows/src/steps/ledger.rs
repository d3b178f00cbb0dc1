//! What is asked of the ledger as a whole.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

pub struct Ledger;

#[activity_definitions]
impl Ledger {
    #[activity(name = "ledger.check")]
    pub fn check(input: CheckLedger) -> Result<LedgerVerdict, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "ledger.resume")]
    pub fn resume(input: ResumePayouts) -> Result<LedgerVerdict, ActivityError> {
        unimplemented!()
    }
}

pub use ledger::{Check as CheckLedgerStep, Resume as ResumePayoutsStep};

/// Reads the whole ledger, and stops payouts if a rule of it does not hold.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct CheckLedger {
    /// What is open and was found before this is told to the log as overdue.
    #[serde(default)]
    pub overdue_before: Option<DateTime<Utc>>,
}

/// Reads the whole ledger, and lets payouts go on if all its rules hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResumePayouts {
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum LedgerVerdict {
    /// Every rule holds. Payouts that were stopped before still are: a person lets them go on.
    Sound { payouts_stopped: bool },
    /// These rules do not, in words; payouts are stopped.
    Broken { violations: Vec<String> },
    /// Every rule holds, and payouts go on.
    Resumed,
}
