//! How long things are kept. Each rule stands here once, with the number that holds where nobody has set another; where each
//! column falls under them stands in `database/data-map.csv`.
//!
//! What cannot be deleted, because a rule of the books or of the audit trail forbids it, is not deleted when its time is over:
//! it is told, and a person decides.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A closed account waits so long for its holder to change their mind before they are erased, unless the settings say otherwise.
pub const CLOSED_ACCOUNT_DAYS: u32 = 30;

/// How long what is kept. Inputs that were written before a rule there was have its number of then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Codes, guesses, accounts that were wanted and never proved, and counts of who was invited: after their time.
    pub leftovers_days: u32,
    /// Sessions, after their end.
    pub ended_sessions_days: u32,
    /// Answers that were given under somebody's own key.
    #[serde(default = "answers_days")]
    pub answers_days: u32,
    /// What providers told us, word for word, after it was dealt with. That they did is kept.
    #[serde(default = "hearsay_days")]
    pub hearsay_days: u32,
    /// The audit trail.
    #[serde(default = "audit_years")]
    pub audit_years: u32,
    /// The ledger, and the certificates that are made from it.
    #[serde(default = "books_years")]
    pub books_years: u32,
    /// What visitors did on our pages.
    #[serde(default = "visits_years")]
    pub visits_years: u32,
    /// What ended processes went through, as it was archived.
    #[serde(default = "histories_years")]
    pub histories_years: u32,
}

fn answers_days() -> u32 {
    Retention::default().answers_days
}

fn hearsay_days() -> u32 {
    Retention::default().hearsay_days
}

fn audit_years() -> u32 {
    Retention::default().audit_years
}

fn books_years() -> u32 {
    Retention::default().books_years
}

fn visits_years() -> u32 {
    Retention::default().visits_years
}

fn histories_years() -> u32 {
    Retention::default().histories_years
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            leftovers_days: 7,
            ended_sessions_days: 90,
            answers_days: 30,
            hearsay_days: 90,
            audit_years: 5,
            books_years: 7,
            visits_years: 2,
            histories_years: 5,
        }
    }
}

/// The moment so many days ago.
pub fn days_ago(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    now - TimeDelta::days(days.into())
}

/// The same day so many years ago; 28 February for the 29th, where that year has none.
pub fn years_ago(now: DateTime<Utc>, years: u32) -> DateTime<Utc> {
    let year = now.year() - i32::try_from(years).unwrap_or(i32::MAX);
    now.with_year(year).or_else(|| now.with_day(28)?.with_year(year)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_input_of_before_has_the_numbers_of_then() {
        let before = serde_json::json!({ "leftovers_days": 3, "ended_sessions_days": 40 });
        let read: Retention = serde_json::from_value(before).unwrap();
        assert_eq!(read, Retention { leftovers_days: 3, ended_sessions_days: 40, ..Retention::default() });
    }

    #[test]
    fn years_are_counted_by_the_calendar() {
        assert_eq!(years_ago(at("2031-03-01T12:00:00Z"), 5), at("2026-03-01T12:00:00Z"));
        assert_eq!(years_ago(at("2032-02-29T12:00:00Z"), 7), at("2025-02-28T12:00:00Z"));
        assert_eq!(days_ago(at("2031-03-01T12:00:00Z"), 1), at("2031-02-28T12:00:00Z"));
    }
}
