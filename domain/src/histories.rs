//! Keeping what ended processes went through after the engine has forgotten it: which stretch of time is looked at next, and why a
//! history may be lacking.
//!
//! Payloads are encrypted with keys that are not one person's, so what a process carried would outlive the erasing of whom it was
//! about. An archived history has what happened, of which name, in order and when, and nothing that was carried.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::words::words;

/// The way in which histories are written: the engine's own protocol (`temporal.api.history.v1.History`), of each event only what its
/// story is told from. Another way gets another number, and whoever tells stories keeps reading this one.
pub const FORMAT: i16 = 1;

/// The engine's index lags behind what it is about, and this is far more than it ever does: an archive looks back from its
/// mark by so much.
pub const LAG: TimeDelta = TimeDelta::hours(1);

/// So much is made up for at once, the oldest first, because it is forgotten first.
const STRETCH: TimeDelta = TimeDelta::hours(6);

/// Why a history could not be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacks {
    /// The engine forgot it after it had named it.
    Gone,
    /// It is longer than what is read at once.
    TooLong,
}

impl Lacks {
    const ALL: [Self; 2] = [Self::Gone, Self::TooLong];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::TooLong => "too_long",
        }
    }
}

words!(Lacks, "a reason for which a history lacks");

/// The ends that are looked at together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// All that the engine remembers, where there is none.
    pub from: Option<DateTime<Utc>>,
    /// What ended later is looked at, too, in the last stretch: the time of a process may run before ours (in a rehearsal).
    pub until: DateTime<Utc>,
    pub last: bool,
}

impl Stretch {
    /// What is looked at after everything up to the mark is archived, and now it is `now`.
    pub fn after(mark: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let Some(mark) = mark else { return Self { from: None, until: now, last: true } };
        let (from, until) = (Some(mark - LAG), mark + STRETCH);
        if until < now { Self { from, until, last: false } } else { Self { from, until: now, last: true } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_was_missed_is_made_up_for_in_stretches_the_oldest_first_and_once_more_where_the_index_may_have_lagged()
     {
        let now = at("2026-11-27T12:00:00Z");
        assert_eq!(Stretch::after(None, now), Stretch { from: None, until: now, last: true });
        let mut mark = at("2026-11-26T23:00:00Z");
        let mut seen = Vec::new();
        loop {
            let next = Stretch::after(Some(mark), now);
            assert_eq!(next.from, Some(mark - TimeDelta::hours(1)));
            seen.push(next.until);
            mark = next.until;
            if next.last {
                break;
            }
        }
        assert_eq!(seen, [at("2026-11-27T05:00:00Z"), at("2026-11-27T11:00:00Z"), now]);
        let again = Stretch::after(Some(now), now);
        assert_eq!(again, Stretch { from: Some(at("2026-11-27T11:00:00Z")), until: now, last: true });
    }
}
