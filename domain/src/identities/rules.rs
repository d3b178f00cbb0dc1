//! The numbers of an identity case. They come in with its process's input.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{CaseEnd, CaseStage};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityRules {
    /// A case has no more documents at once.
    pub most_documents: u32,
    /// So many different reviewers approve a minor's case.
    pub approvals_for_minors: u32,
    pub approvals_for_adults: u32,
    /// After so long without a decision somebody is told, and again after as long.
    pub escalate_hours: u32,
    /// While documents are collected: after so long without any, no more is waited for.
    pub nothing_came_days: u32,
    /// So long after an approval documents are destroyed.
    pub keep_approved_days: u32,
    /// And after a rejection.
    pub keep_rejected_days: u32,
    /// A minor's guardian may begin a new case after one that was rejected, until there were so many in a year.
    #[serde(default = "three")]
    pub cases_a_year: u32,
}

const fn three() -> u32 {
    3
}

/// What the product says where nobody has set anything.
impl Default for IdentityRules {
    fn default() -> Self {
        Self {
            most_documents: 6,
            approvals_for_minors: 2,
            approvals_for_adults: 1,
            escalate_hours: 48,
            nothing_came_days: 30,
            keep_approved_days: 30,
            keep_rejected_days: 7,
            cases_a_year: three(),
        }
    }
}

/// A year, as cases are counted.
const YEAR: TimeDelta = TimeDelta::days(365);

impl IdentityRules {
    /// From when on cases count, for whoever wants another.
    pub fn cases_count_from(self, at: DateTime<Utc>) -> DateTime<Utc> {
        at - YEAR
    }

    /// Until when there are too many to begin another, if there are. `opened` counts, in any order.
    pub fn full_until(self, opened: &[DateTime<Utc>]) -> Option<DateTime<Utc>> {
        let most = usize::try_from(self.cases_a_year.max(1)).unwrap_or(usize::MAX);
        let mut opened = opened.to_vec();
        opened.sort_unstable();
        // When the oldest of those that fill the measure counts no more, there is room.
        let filling = opened.len().checked_sub(most)?;
        opened.get(filling).map(|oldest| *oldest + YEAR)
    }

    pub const fn approvals(self, is_minors: bool) -> u32 {
        if is_minors { self.approvals_for_minors } else { self.approvals_for_adults }
    }

    /// When somebody is told that nobody has decided, having been told so often.
    pub fn escalates_at(self, submitted: DateTime<Utc>, escalations: u32) -> DateTime<Utc> {
        submitted + TimeDelta::hours(i64::from(self.escalate_hours) * (i64::from(escalations) + 1))
    }

    pub fn lets_go_at(self, last_heard: DateTime<Utc>) -> DateTime<Utc> {
        last_heard + TimeDelta::days(self.nothing_came_days.into())
    }

    /// When the documents of a case are destroyed that ends now without a reviewer. Of one that is given up they go at once.
    pub fn destroys_after(self, end: CaseEnd, ended: DateTime<Utc>) -> DateTime<Utc> {
        match end {
            CaseEnd::NothingCame => self.destroys_at(CaseStage::Rejected, ended),
            CaseEnd::GivenUp => ended,
        }
    }

    /// When the documents of a case are destroyed that is decided now.
    pub fn destroys_at(self, stage: CaseStage, decided: DateTime<Utc>) -> DateTime<Utc> {
        let days = match stage {
            CaseStage::Approved => self.keep_approved_days,
            _ => self.keep_rejected_days,
        };
        decided + TimeDelta::days(days.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_kept_as_long_as_the_product_says() {
        let (rules, now) = (IdentityRules::default(), DateTime::UNIX_EPOCH);
        assert_eq!(rules.destroys_at(CaseStage::Approved, now), now + TimeDelta::days(30));
        assert_eq!(rules.destroys_at(CaseStage::Rejected, now), now + TimeDelta::days(7));
        assert_eq!(rules.escalates_at(now, 0), now + TimeDelta::hours(48));
        assert_eq!(rules.escalates_at(now, 2), now + TimeDelta::hours(144));
        assert_eq!(rules.lets_go_at(now), now + TimeDelta::days(30));
        assert_eq!((rules.approvals(true), rules.approvals(false)), (2, 1));
    }

    #[test]
    fn a_new_case_waits_until_one_of_three_is_a_year_old() {
        let (rules, now) = (IdentityRules::default(), DateTime::UNIX_EPOCH + TimeDelta::days(400));
        let ago = |days| now - TimeDelta::days(days);
        assert_eq!(rules.full_until(&[]), None);
        assert_eq!(rules.full_until(&[ago(1), ago(2)]), None);
        assert_eq!(rules.full_until(&[ago(1), ago(300), ago(2)]), Some(ago(300 - 365)));
        assert_eq!(
            rules.full_until(&[ago(1), ago(300), ago(2), ago(3)]),
            Some(ago(3 - 365)),
            "an operator has given one more"
        );
        assert_eq!(rules.cases_count_from(now), ago(365));
    }
}
