//! What is asked to be forgotten when its time is over, and what is to be said of that which nobody may delete.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;

pub struct RetentionRules;

#[activity_definitions]
impl RetentionRules {
    #[activity(name = "retention.keep")]
    pub fn keep(input: KeepRetention) -> Result<Retained, ActivityError> {
        unimplemented!()
    }
}

pub use retention_rules::Keep as KeepRetentionStep;

/// Forgets what had its time before these moments, and looks for what is kept by rule and is older.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct KeepRetention {
    pub answers_before: DateTime<Utc>,
    pub hearsay_before: DateTime<Utc>,
    pub audit_before: DateTime<Utc>,
    pub books_before: DateTime<Utc>,
    /// Absent in what was asked for before visits were kept.
    #[serde(default)]
    pub visits_before: Option<DateTime<Utc>>,
    /// Absent in what was asked for before histories were archived.
    #[serde(default)]
    pub histories_before: Option<DateTime<Utc>>,
}

/// How much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retained {
    pub answers: u64,
    pub events: u64,
    pub heard: u64,
    pub conversations: u64,
    #[serde(default)]
    pub visits: u64,
    #[serde(default)]
    pub histories: u64,
    /// Lines of the audit trail, ledger transactions and certificates whose time is over. They stay: nobody can delete them.
    pub overdue_lines: i64,
    pub overdue_transactions: i64,
    pub overdue_certificates: i64,
}
