//! The numbers under which a guardian is asked. An operator sets them; a process keeps those that it began with.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long what may take, and how often somebody may be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRules {
    /// The guardian is reminded so many days after the request.
    pub reminder_days_after: Vec<u32>,
    /// Silence is a refusal after so many days.
    pub answer_days: u32,
    /// So many days after a withdrawal the same guardian may still come back.
    pub return_days: u32,
    /// A minor may name so many guardians …
    pub requests: u32,
    /// … within so many days.
    pub request_days: u32,
    /// From so many minors on, somebody looks why they all have this guardian.
    pub minors_per_guardian_flag: u32,
}

impl Default for ConsentRules {
    fn default() -> Self {
        Self {
            reminder_days_after: vec![2, 5],
            answer_days: 14,
            return_days: 14,
            requests: 3,
            request_days: 30,
            minors_per_guardian_flag: 5,
        }
    }
}

impl ConsentRules {
    /// Until when a request that is made now is answered.
    pub fn answer_by(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + days(self.answer_days)
    }

    /// Until when the guardian may come back who withdraws now.
    pub fn return_by(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + days(self.return_days)
    }

    /// When to remind of a request, once so many reminders have gone out; never, when all have.
    pub fn reminder(&self, requested_at: DateTime<Utc>, sent: usize) -> Option<DateTime<Utc>> {
        self.reminder_days_after.get(sent).map(|after| requested_at + days(*after))
    }

    /// What was asked before this counts no more.
    pub fn counts_from(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        at - days(self.request_days)
    }

    /// When the next request may be made, if that is not now. `counted` are the requests that count, in any order.
    pub fn full_until(&self, counted: &[DateTime<Utc>]) -> Option<DateTime<Utc>> {
        let mut counted = counted.to_vec();
        counted.sort_unstable();
        // Room is made by the request after which there would be one less than are allowed.
        let requests = usize::try_from(self.requests.max(1)).unwrap_or(usize::MAX);
        let makes_room = counted.len().checked_sub(requests)?;
        counted.get(makes_room).map(|at| *at + days(self.request_days))
    }

    /// Whether a guardian of so many minors is one that somebody has to look at.
    pub fn is_flagged(&self, minors: i64) -> bool {
        minors >= i64::from(self.minors_per_guardian_flag)
    }
}

fn days(days: u32) -> TimeDelta {
    TimeDelta::days(days.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(number)
    }

    #[test]
    fn a_guardian_is_reminded_after_two_days_and_after_five_and_no_more() {
        let rules = ConsentRules::default();
        let reminders = [0, 1, 2].map(|sent| rules.reminder(day(10), sent));
        assert_eq!(reminders, [Some(day(12)), Some(day(15)), None]);
        assert_eq!((rules.answer_by(day(10)), rules.return_by(day(10))), (day(24), day(24)));
    }

    #[test]
    fn three_are_asked_in_thirty_days_and_the_next_when_the_first_counts_no_more() {
        let rules = ConsentRules::default();
        assert_eq!(rules.counts_from(day(40)), day(10));
        assert_eq!(rules.full_until(&[]), None);
        assert_eq!(rules.full_until(&[day(1), day(2)]), None);
        assert_eq!(rules.full_until(&[day(3), day(1), day(2)]), Some(day(31)));
        assert_eq!(rules.full_until(&[day(3), day(1), day(2), day(4)]), Some(day(32)), "under looser rules");
    }

    #[test]
    fn a_guardian_of_five_is_looked_at() {
        let rules = ConsentRules::default();
        assert_eq!([4, 5, 50].map(|minors| rules.is_flagged(minors)), [false, true, true]);
    }
}
