//! Points: what brings them, how many, and when they may be used.
//!
//! Points are never counted up. Each award is one row for one rule and one subject, and what becomes of it (it matures, it is
//! revoked) is another row beside it; a balance is a sum. So is what was used: each conversion into credit is a row.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::ids::{AwardId, ConversionId, InvalidId};
use crate::invitations::NoPoints;
use crate::money::Xof;
use crate::words::words;

/// What brings points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointsRule {
    /// The invited person has accepted.
    InvitationAccepted,
    /// Their pot has opened.
    PotOpened,
    /// Somebody else than the sponsor has given to it.
    FirstGift,
}

impl PointsRule {
    pub const ALL: [Self; 3] = [Self::InvitationAccepted, Self::PotOpened, Self::FirstGift];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvitationAccepted => "invitation_accepted",
            Self::PotOpened => "pot_opened",
            Self::FirstGift => "first_gift",
        }
    }
}

words!(PointsRule, "a rule of points");

/// How many points each rule brings, and when they may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsRules {
    pub invitation_accepted: u32,
    pub pot_opened: u32,
    pub first_gift: u32,
    /// An award matures after so many days, or when the pot has settled.
    pub mature_days: u32,
}

impl Default for PointsRules {
    fn default() -> Self {
        Self { invitation_accepted: 10, pot_opened: 4, first_gift: 5, mature_days: 14 }
    }
}

impl PointsRules {
    pub const fn points(&self, rule: PointsRule) -> u32 {
        match rule {
            PointsRule::InvitationAccepted => self.invitation_accepted,
            PointsRule::PotOpened => self.pot_opened,
            PointsRule::FirstGift => self.first_gift,
        }
    }

    pub fn matures_at(&self, awarded_at: DateTime<Utc>) -> DateTime<Utc> {
        awarded_at + TimeDelta::days(self.mature_days.into())
    }
}

/// What points buy: so much credit for so many of them, as often as there are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRules {
    pub points: u32,
    pub credit: Xof,
}

impl Default for CreditRules {
    fn default() -> Self {
        Self { points: 10, credit: Xof::new(1_000) }
    }
}

/// Why so many points are not turned into credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CreditRefusal {
    #[error("points become credit by {by} at a time")]
    NotAMultiple { by: u32 },
    #[error("nobody has so many points")]
    TooMany,
}

impl CreditRules {
    /// The credit that points come to. No point is left over, and none is rounded away.
    pub fn credit_for(&self, points: u32) -> Result<Xof, CreditRefusal> {
        let refused = CreditRefusal::NotAMultiple { by: self.points };
        if points == 0 || points.checked_rem(self.points).ok_or(refused)? != 0 {
            return Err(refused);
        }
        let times = i64::from(points / self.points);
        self.credit.francs().checked_mul(times).map(Xof::new).ok_or(CreditRefusal::TooMany)
    }
}

/// Whether promotions, which stand below nothing by what WOLO has given away, may give so much more: afterwards they stand at most
/// the budget below.
pub fn is_within_budget(promotions: Xof, credit: Xof, budget: Xof) -> bool {
    let left = promotions.checked_sub(credit).and_then(|after| after.checked_add(budget));
    left.is_some_and(|left| left >= Xof::ZERO)
}

/// Where an award stands. A matured one can still be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwardStage {
    Pending,
    Matured,
    Revoked,
}

impl AwardStage {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Matured, Self::Revoked];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Matured => "matured",
            Self::Revoked => "revoked",
        }
    }
}

words!(AwardStage, "a stage of points");

/// Why an award has matured or was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwardReason {
    /// Its days have passed.
    Time,
    PotSettled,
    /// The gift that brought it has gone back, or is to.
    GiftRefunded,
    /// The pot that brought it was given up.
    PotCancelled,
    /// Somebody who works here has found that it was not earned.
    ByHand,
    /// They had not matured when their holder closed the account.
    AccountClosed,
    // A rule that forbids points between the two was found to hold before they matured.
    Oneself,
    Cycle,
    SamePhone,
    SamePayoutNumber,
    UnderReview,
    NoPhone,
}

impl AwardReason {
    pub const ALL: [Self; 12] = [
        Self::Time,
        Self::PotSettled,
        Self::GiftRefunded,
        Self::PotCancelled,
        Self::ByHand,
        Self::AccountClosed,
        Self::Oneself,
        Self::Cycle,
        Self::SamePhone,
        Self::SamePayoutNumber,
        Self::UnderReview,
        Self::NoPhone,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::PotSettled => "pot_settled",
            Self::GiftRefunded => "gift_refunded",
            Self::PotCancelled => "pot_cancelled",
            Self::ByHand => "by_hand",
            Self::AccountClosed => "account_closed",
            Self::Oneself => NoPoints::Oneself.as_str(),
            Self::Cycle => NoPoints::Cycle.as_str(),
            Self::SamePhone => NoPoints::SamePhone.as_str(),
            Self::SamePayoutNumber => NoPoints::SamePayoutNumber.as_str(),
            Self::UnderReview => NoPoints::UnderReview.as_str(),
            Self::NoPhone => NoPoints::NoPhone.as_str(),
        }
    }

    /// The rule that forbade the points, where one did.
    pub fn forbidden_by(self) -> Option<NoPoints> {
        NoPoints::ALL.into_iter().find(|rule| Self::from(*rule) == self)
    }
}

impl From<NoPoints> for AwardReason {
    fn from(rule: NoPoints) -> Self {
        match rule {
            NoPoints::Oneself => Self::Oneself,
            NoPoints::Cycle => Self::Cycle,
            NoPoints::SamePhone => Self::SamePhone,
            NoPoints::SamePayoutNumber => Self::SamePayoutNumber,
            NoPoints::UnderReview => Self::UnderReview,
            NoPoints::NoPhone => Self::NoPhone,
        }
    }
}

words!(AwardReason, "a reason of what became of points");

/// One line in the story of somebody's points: they were given, or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LineId {
    Award(AwardId),
    Conversion(ConversionId),
}

impl LineId {
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Award(id) => id.uuid(),
            Self::Conversion(id) => id.uuid(),
        }
    }
}

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Award(id) => id.fmt(f),
            Self::Conversion(id) => id.fmt(f),
        }
    }
}

impl FromStr for LineId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self::Award).or_else(|_| text.parse().map(Self::Conversion))
    }
}

/// Somebody's points. Each award is in one of the first three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// They are not to be used yet.
    pub pending: i64,
    /// They can be used, or have been.
    pub matured: i64,
    pub revoked: i64,
    /// They became credit, in pots that were not given up.
    pub spent: i64,
}

impl Points {
    /// What can be used. Less than nothing where points were revoked that had been used: the next ones make up for them.
    pub const fn available(&self) -> i64 {
        self.matured - self.spent
    }
}

/// How many days in a row somebody has invited others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streak {
    /// Up to today, or up to yesterday where today has none yet.
    pub current: i64,
    pub longest: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_its_points_and_they_mature_after_two_weeks() {
        let rules = PointsRules::default();
        assert_eq!(PointsRule::ALL.map(|rule| rules.points(rule)), [10, 4, 5]);
        assert_eq!(rules.matures_at(DateTime::UNIX_EPOCH), DateTime::UNIX_EPOCH + TimeDelta::days(14));
    }

    #[test]
    fn points_that_were_used_and_revoked_are_owed() {
        let points = Points { pending: 4, matured: 5, revoked: 10, spent: 10 };
        assert_eq!(points.available(), -5);
    }

    #[test]
    fn ten_points_are_a_thousand_francs_and_only_whole_tens_are_anything() {
        let rules = CreditRules::default();
        for (points, francs) in [(10, 1_000), (20, 2_000), (1_000, 100_000)] {
            assert_eq!(rules.credit_for(points), Ok(Xof::new(francs)));
        }
        for points in [0, 1, 9, 11, 19, u32::MAX] {
            assert_eq!(rules.credit_for(points), Err(CreditRefusal::NotAMultiple { by: 10 }), "{points}");
        }
    }

    #[test]
    fn a_line_is_named_by_what_it_tells_of() {
        let id = Uuid::from_u128(7);
        for line in [LineId::Award(AwardId::from_uuid(id)), LineId::Conversion(ConversionId::from_uuid(id))] {
            assert_eq!((line.to_string().parse(), line.uuid()), (Ok(line), id));
        }
        assert!("pot_00000000000000000000000000000007".parse::<LineId>().is_err());
    }

    #[test]
    fn promotions_give_until_the_budget_is_spent() {
        let may_give =
            |promotions, credit| is_within_budget(Xof::new(promotions), Xof::new(credit), Xof::new(5_000));
        assert!(may_give(0, 5_000) && may_give(-4_000, 1_000), "all of it");
        assert!(!may_give(0, 5_001) && !may_give(-4_001, 1_000) && !may_give(-6_000, 1), "and no more");
        assert!(!may_give(i64::MIN, 1));
    }

    #[test]
    fn each_rule_that_forbids_points_is_a_reason_to_take_them_back() {
        for rule in NoPoints::ALL {
            let reason = AwardReason::from(rule);
            assert_eq!((reason.as_str(), reason.forbidden_by()), (rule.as_str(), Some(rule)));
        }
        assert_eq!(AwardReason::ByHand.forbidden_by(), None);
    }

    #[test]
    fn rules_that_make_no_sense_give_nothing() {
        let free = CreditRules { points: 0, credit: Xof::new(1_000) };
        assert_eq!(free.credit_for(10), Err(CreditRefusal::NotAMultiple { by: 0 }));
        let dear = CreditRules { points: 1, credit: Xof::new(i64::MAX) };
        assert_eq!(dear.credit_for(1), Ok(Xof::new(i64::MAX)));
        assert_eq!(dear.credit_for(2), Err(CreditRefusal::TooMany));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in PointsRule::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
        }
        for word in AwardStage::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
        }
        for word in AwardReason::ALL {
            assert_eq!(word.as_str().parse(), Ok(word));
        }
    }
}
