//! What can go wrong here, sorted by what the caller can do about it.
//!
//! The driver's own errors never leave this crate. Postgres puts whole rows into the detail of an error, and the
//! driver shows it in `Debug`; a [`Fault`] keeps what helps and drops what is somebody's data.

use std::fmt;

use thiserror::Error;
use wolo_domain::ledger::PostingError;
use wolo_domain::{donations, identities, payouts, pots};

#[derive(Debug, Error)]
pub enum Error {
    /// The database does not answer, or not now. Trying again may help.
    #[error("the database is not available")]
    Unavailable(#[source] Fault),
    /// A row contradicts the rules or another row. A person must look; trying again does not help.
    #[error("{column} of {row} in {table} contradicts the rules")]
    Inconsistency { table: &'static str, column: &'static str, row: String },
    /// What is asked for contradicts what is there. `rule` names a constraint or one that the code enforces.
    #[error("the rule {rule} does not allow this")]
    Conflict { rule: String },
    /// The row that should change does not exist.
    #[error("there is no {row} in {table}")]
    Missing { table: &'static str, row: String },
    #[error(transparent)]
    PotStage(#[from] pots::StageError),
    #[error(transparent)]
    DonationStage(#[from] donations::StageError),
    #[error(transparent)]
    CaseStage(#[from] identities::StageError),
    #[error(transparent)]
    PayoutStage(#[from] payouts::StageError),
    #[error(transparent)]
    Posting(#[from] PostingError),
    /// A migration does not fit the database.
    #[error("the database cannot be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A statement that the database does not understand or does not permit: a bug, or a deployment in the wrong order.
    #[error("the database refused a statement")]
    Broken(#[source] Fault),
}

impl Error {
    /// Whether the same call may succeed later without anybody doing anything.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    pub(crate) fn inconsistent(table: &'static str, column: &'static str, row: impl fmt::Display) -> Self {
        Self::Inconsistency { table, column, row: row.to_string() }
    }

    pub(crate) fn conflict(rule: &str) -> Self {
        Self::Conflict { rule: rule.to_owned() }
    }

    pub(crate) fn missing(table: &'static str, row: impl fmt::Display) -> Self {
        Self::Missing { table, row: row.to_string() }
    }
}

/// What the database or the way to it said, without anybody's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The SQLSTATE, where the database itself spoke.
    pub code: Option<String>,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} ({code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Fault {}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as Sqlx;
        match error {
            Sqlx::Database(refusal) => {
                let code = refusal.code().map(std::borrow::Cow::into_owned);
                if let Some(rule) = refusal.constraint() {
                    return Self::Conflict { rule: rule.to_owned() };
                }
                let passes = code.as_deref().is_some_and(passes);
                // The message, never the detail: the detail holds rows.
                let fault = Fault { code, message: refusal.message().to_owned() };
                if passes { Self::Unavailable(fault) } else { Self::Broken(fault) }
            }
            Sqlx::Io(_)
            | Sqlx::Tls(_)
            | Sqlx::Protocol(_)
            | Sqlx::PoolTimedOut
            | Sqlx::PoolClosed
            | Sqlx::WorkerCrashed
            | Sqlx::BeginFailed => Self::Unavailable(Fault { code: None, message: error.to_string() }),
            other => Self::Broken(Fault { code: None, message: other.to_string() }),
        }
    }
}

/// SQLSTATEs of conditions that end by themselves.
fn passes(code: &str) -> bool {
    let class = code.get(..2).unwrap_or_default();
    // connection, rolled back (serialization, deadlock), resources, operator (shutdown, cancel), system
    matches!(class, "08" | "40" | "53" | "57" | "58")
        // a lock that was not had in time, an object in use, a standby that is not yet promoted, an idle cut
        || matches!(code, "55P03" | "55006" | "25006" | "25P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_by_itself_is_worth_another_try() {
        for code in ["08006", "40001", "40P01", "53300", "57014", "57P01", "57P03", "55P03", "25006"] {
            assert!(passes(code), "{code}");
        }
        for code in ["22021", "23505", "42501", "42P01", "25P02", ""] {
            assert!(!passes(code), "{code}");
        }
        assert!(Error::from(sqlx::Error::PoolTimedOut).may_pass());
        assert!(!Error::from(sqlx::Error::RowNotFound).may_pass());
    }
}
