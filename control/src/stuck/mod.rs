//! What does not go on by itself: processes that try a step again and again, that wait past their day, that something holds, that
//! need a person, or whose code cannot carry them on.
//!
//! The engine's index answers most of it however many processes run. It does not know which steps are tried again, so those are
//! looked for among the running ones, as many as are asked for, and the answer says how far that went. It refuses to guess what
//! the books alone know: who asks adds what is late there, and what holds pots.

mod books;
mod helping;
mod looking;
mod past;

use chrono::{DateTime, Utc};
use serde::Serialize;
use wolo_domain::accounts::Role;

pub use crate::failures::Fault;

/// Why something does not go on, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its code cannot carry it on: it stumbles, or does not follow what happened.
    Fails,
    /// A person has to decide.
    NeedsHuman,
    /// A step has failed and is tried again.
    Retries,
    /// Its day is over, and it has not moved on.
    Overdue,
    /// The books say that it should have been done.
    Late,
    /// Something holds it.
    Held,
}

impl Why {
    pub const ALL: [Self; 6] =
        [Self::Fails, Self::NeedsHuman, Self::Retries, Self::Overdue, Self::Late, Self::Held];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::NeedsHuman => "needs_human",
            Self::Retries => "retries",
            Self::Overdue => "overdue",
            Self::Late => "late",
            Self::Held => "held",
        }
    }
}

/// Something that does not go on by itself, and what helps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stuck {
    /// The name of the process, or of the schedule that should have started one.
    pub process: String,
    pub why: Why,
    /// In plain words.
    pub waits_for: String,
    /// None where the engine has forgotten it.
    pub since: Option<DateTime<Utc>>,
    /// How often it was tried, the try that is under way included.
    pub attempts: Option<u32>,
    pub next_try: Option<DateTime<Utc>>,
    pub last_error: Option<Fault>,
    /// Whose it is to help.
    pub owner: Role,
    /// The command that helps.
    pub help: String,
}

/// How to look.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub now: DateTime<Utc>,
    /// No more processes are looked at one by one.
    pub at_most: usize,
    /// Only those of one queue.
    pub queue: Option<&'a str>,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Standstill {
    /// The most pressing first, and of those the oldest.
    pub stuck: Vec<Stuck>,
    /// How many processes run.
    pub running: usize,
    /// How many of them were looked at one by one: all that the index suspects, then the others.
    pub looked_at: usize,
}

impl Standstill {
    /// Whether a step that is tried again could have been missed.
    pub fn is_partial(&self) -> bool {
        self.looked_at < self.running
    }

    /// Adds what the books know. Of a process that says already what it waits for, that is not said twice.
    pub fn add(&mut self, known: impl IntoIterator<Item = Stuck>) {
        for one in known {
            let said = |other: &Stuck| {
                other.process == one.process && (other.why != one.why || other.waits_for == one.waits_for)
            };
            if !self.stuck.iter().any(said) {
                self.stuck.push(one);
            }
        }
        self.order();
    }

    fn order(&mut self) {
        self.stuck.sort_by(|one, other| {
            let key = |stuck: &Stuck| (stuck.why, stuck.since.unwrap_or(DateTime::<Utc>::MAX_UTC));
            key(one).cmp(&key(other)).then_with(|| one.process.cmp(&other.process))
        });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use wolo_domain::ids::PotId;
    use wolo_domain::pots::HoldReason;

    use super::*;

    #[test]
    fn a_pot_says_each_thing_that_holds_it_and_none_twice() {
        let (pot, since) = (PotId::from_uuid(Uuid::nil()), DateTime::UNIX_EPOCH);
        let held = |reason| Stuck::held(pot, reason, since);
        let mut found = Standstill::default();
        found.add([held(HoldReason::Consent), held(HoldReason::Moderation)]);
        found.add([held(HoldReason::Consent)]);
        let reasons: Vec<_> = found.stuck.iter().map(|one| one.waits_for.as_str()).collect();
        assert_eq!(reasons, [HoldReason::Consent.waits_for(), HoldReason::Moderation.waits_for()]);

        let mut found =
            Standstill { stuck: vec![Stuck { why: Why::Overdue, ..held(HoldReason::Consent) }], ..found };
        found.add([held(HoldReason::Moderation)]);
        assert_eq!(found.stuck.len(), 1, "what the engine tells of it is enough");
    }
}
