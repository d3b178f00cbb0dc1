//! Pots: their stages, their holds and their days.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::dakar;
use crate::money::Xof;

/// Where a pot stands.
///
/// ```text
/// scheduled ─► open ─► closed ─► paying_out ─► settled
///     │         ├────────┴─────► cancelling        every gift goes back
///     └─────────┴────────┴────────────┴──► cancelled
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PotStage {
    Scheduled,
    Open,
    Closed,
    PayingOut,
    Settled,
    Cancelling,
    Cancelled,
}

/// A step that a pot's stage does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a pot that is {from} cannot become {to}")]
pub struct StageError {
    pub from: PotStage,
    pub to: PotStage,
}

impl PotStage {
    pub const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::Open,
        Self::Closed,
        Self::PayingOut,
        Self::Settled,
        Self::Cancelling,
        Self::Cancelled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::PayingOut => "paying_out",
            Self::Settled => "settled",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn open(self) -> Result<Self, StageError> {
        self.step(Self::Open, self == Self::Scheduled)
    }

    pub fn close(self) -> Result<Self, StageError> {
        self.step(Self::Closed, self == Self::Open)
    }

    pub fn pay_out(self) -> Result<Self, StageError> {
        self.step(Self::PayingOut, self == Self::Closed)
    }

    /// A closed pot with nothing in it settles without a payout.
    pub fn settle(self) -> Result<Self, StageError> {
        self.step(Self::Settled, matches!(self, Self::Closed | Self::PayingOut))
    }

    /// The pot is given up, and what was given to it goes back.
    pub fn begin_cancelling(self) -> Result<Self, StageError> {
        self.step(Self::Cancelling, matches!(self, Self::Open | Self::Closed))
    }

    /// The pot is given up and there is nothing in it, or nothing any more.
    pub fn cancel(self) -> Result<Self, StageError> {
        let allowed = matches!(self, Self::Scheduled | Self::Open | Self::Closed | Self::Cancelling);
        self.step(Self::Cancelled, allowed)
    }

    pub const fn takes_donations(self) -> bool {
        matches!(self, Self::Open)
    }

    /// Nothing more will happen.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Settled | Self::Cancelled)
    }

    const fn step(self, to: Self, allowed: bool) -> Result<Self, StageError> {
        if allowed { Ok(to) } else { Err(StageError { from: self, to }) }
    }
}

impl fmt::Display for PotStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names nothing the domain knows, such as a stage in a damaged row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is not {what}")]
pub struct UnknownWord {
    pub what: &'static str,
    pub word: String,
}

impl FromStr for PotStage {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "a stage of a pot", word: word.to_owned() })
    }
}

/// Why a pot is held. A hold stops what it must and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// The guardian of a minor has not consented, or has withdrawn.
    Consent,
    /// Somebody looks at the pot's content.
    Moderation,
    /// Our Wave wallet cannot cover the payout yet.
    Float,
    /// Wave has not said whether the payout went through.
    PayoutUnknown,
    /// Wave refused the payout for good; finance decides.
    PayoutRefused,
    /// Wave doubts that the payout's recipient is who we think; finance decides.
    Recipient,
    /// The payout is large enough to need two people of finance.
    Approval,
    /// The books break a rule, so no money leaves at all. It holds every pot at once and is written at none.
    Books,
}

impl HoldReason {
    pub const ALL: [Self; 8] = [
        Self::Consent,
        Self::Moderation,
        Self::Float,
        Self::PayoutUnknown,
        Self::PayoutRefused,
        Self::Recipient,
        Self::Approval,
        Self::Books,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Moderation => "moderation",
            Self::Float => "float",
            Self::PayoutUnknown => "payout_unknown",
            Self::PayoutRefused => "payout_refused",
            Self::Recipient => "recipient",
            Self::Approval => "approval",
            Self::Books => "books",
        }
    }

    /// The pot does not open, takes no donations and is not paid out.
    pub const fn stops_everything(self) -> bool {
        matches!(self, Self::Consent | Self::Moderation)
    }

    /// Only a person of finance gets the pot past it.
    pub const fn needs_finance(self) -> bool {
        matches!(self, Self::PayoutUnknown | Self::PayoutRefused | Self::Recipient | Self::Approval)
    }

    /// What the pot waits for, for the operator.
    pub const fn waits_for(self) -> &'static str {
        match self {
            Self::Consent => "the guardian's consent",
            Self::Moderation => "a moderator's decision",
            Self::Float => "enough money in the Wave wallet",
            Self::PayoutUnknown => "finance to find out whether the payout went through",
            Self::PayoutRefused => "finance to decide after Wave refused the payout",
            Self::Recipient => "finance to decide whether the recipient is the right one",
            Self::Approval => "two people of finance to approve the payout",
            Self::Books => "finance to find out why the books break a rule (wolo ledger check)",
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HoldReason {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "a reason to hold a pot", word: word.to_owned() })
    }
}

/// Who sees a pot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The owner only.
    Private,
    /// Whoever has the link.
    #[default]
    Link,
    /// Everybody; the pot is listed.
    Public,
}

impl Visibility {
    pub const ALL: [Self; 3] = [Self::Private, Self::Link, Self::Public];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Link => "link",
            Self::Public => "public",
        }
    }
}

impl FromStr for Visibility {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL
            .into_iter()
            .find(|visibility| visibility.as_str() == word)
            .ok_or_else(|| UnknownWord { what: "a visibility", word: word.to_owned() })
    }
}

/// What the owner chose. Texts are as the owner wrote them; whoever shows them escapes them.
#[expect(clippy::struct_excessive_bools, reason = "five independent switches, as the owner sees them")]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotSettings {
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// An aim, not a condition.
    pub target: Xof,
    #[serde(default)]
    pub visibility: Visibility,
    #[serde(default)]
    pub show_donor_names: bool,
    #[serde(default)]
    pub show_amounts: bool,
    #[serde(default)]
    pub allow_anonymous: bool,
    #[serde(default)]
    pub allow_messages: bool,
    /// The owner cannot see who gave what until the day.
    #[serde(default)]
    pub surprise: bool,
}

/// The title and the description are the owner's own words, so they are not shown.
impl fmt::Debug for PotSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PotSettings")
            .field("target", &self.target)
            .field("visibility", &self.visibility)
            .finish_non_exhaustive()
    }
}

/// The numbers behind a pot's days. They come from the settings; none is a constant in a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotRules {
    pub opens_days_before: u32,
    pub reminder_days_before: Vec<u32>,
    /// The hour in Dakar, on the day after closing, when the payout starts.
    pub payout_hour: u32,
}

/// The moments of a pot's life, computed once when it is scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The birthday, as celebrated.
    pub birthday: NaiveDate,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    /// What is said between opening and closing, in the order of time.
    pub occasions: Vec<Occasion>,
    pub payout_hour: u32,
}

/// A moment at which the owner hears from the pot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Occasion {
    pub at: DateTime<Utc>,
    pub what: Announcement,
}

/// What a pot tells people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announcement {
    Opened,
    /// So many days before the birthday.
    Reminder {
        days: u32,
    },
    BirthdayWish,
    Closed,
    Cancelled,
    /// The thank-you round to the givers after the payout.
    Thanks,
}

impl Announcement {
    /// The event's name, unique within a pot.
    pub fn key(self) -> String {
        match self {
            Self::Opened => "opened".to_owned(),
            Self::Reminder { days } => format!("reminder_d{days}"),
            Self::BirthdayWish => "birthday_wish".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
            Self::Thanks => "thanks".to_owned(),
        }
    }
}

impl Timeline {
    /// The days of the pot for a birthday, seen from now: a pot made less than `opens_days_before` days ahead
    /// opens at once, and what should have been said before it was made stays unsaid.
    pub fn plan(birthday: NaiveDate, now: DateTime<Utc>, rules: &PotRules) -> Self {
        let opens_at = dakar::start_of(dakar::days_before(birthday, rules.opens_days_before)).max(now);
        let mut occasions: Vec<Occasion> = rules
            .reminder_days_before
            .iter()
            .map(|&days| Occasion {
                at: dakar::hour_of(dakar::days_before(birthday, days), Self::SPEAKS_AT_HOUR),
                what: Announcement::Reminder { days },
            })
            .chain([Occasion {
                at: dakar::hour_of(birthday, Self::SPEAKS_AT_HOUR),
                what: Announcement::BirthdayWish,
            }])
            .filter(|occasion| occasion.at > opens_at)
            .collect();
        occasions.sort_unstable();
        occasions.dedup();
        Self {
            birthday,
            opens_at,
            closes_at: dakar::end_of(birthday),
            occasions,
            payout_hour: rules.payout_hour,
        }
    }

    /// The days of a pot that is there already: what people were told of its opening and closing stands, whatever the rules
    /// say now.
    pub fn of_planned(
        birthday: NaiveDate,
        opens_at: DateTime<Utc>,
        closes_at: DateTime<Utc>,
        rules: &PotRules,
    ) -> Self {
        Self { opens_at, closes_at, ..Self::plan(birthday, opens_at, rules) }
    }

    /// Quiet hours end at 08:00 Dakar.
    const SPEAKS_AT_HOUR: u32 = 8;

    /// The payout starts the day after the pot was closed. A closing that is carried out late, be it by a moment after
    /// midnight, belongs to the day on which it was due.
    pub fn pays_out_at(&self, closed_at: DateTime<Utc>) -> DateTime<Utc> {
        let next_day = dakar::day_of(closed_at.min(self.closes_at)) + TimeDelta::days(1);
        dakar::hour_of(next_day, self.payout_hour)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> PotRules {
        PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant in a test")
    }

    #[test]
    fn a_pot_goes_forward_only_and_every_other_step_is_refused() {
        type Step = fn(PotStage) -> Result<PotStage, StageError>;
        let cancellable = &[PotStage::Scheduled, PotStage::Open, PotStage::Closed, PotStage::Cancelling];
        let steps: [(Step, PotStage, &[PotStage]); 6] = [
            (PotStage::open, PotStage::Open, &[PotStage::Scheduled]),
            (PotStage::close, PotStage::Closed, &[PotStage::Open]),
            (PotStage::pay_out, PotStage::PayingOut, &[PotStage::Closed]),
            (PotStage::settle, PotStage::Settled, &[PotStage::Closed, PotStage::PayingOut]),
            (PotStage::begin_cancelling, PotStage::Cancelling, &[PotStage::Open, PotStage::Closed]),
            (PotStage::cancel, PotStage::Cancelled, cancellable),
        ];
        for (step, to, allowed) in steps {
            for from in PotStage::ALL {
                let expected = if allowed.contains(&from) { Ok(to) } else { Err(StageError { from, to }) };
                assert_eq!(step(from), expected);
            }
        }
    }

    #[test]
    fn words_are_read_back_as_written() {
        assert!(PotStage::ALL.iter().all(|stage| stage.as_str().parse() == Ok(*stage)));
        assert!(HoldReason::ALL.iter().all(|reason| reason.as_str().parse() == Ok(*reason)));
        assert!(Visibility::ALL.iter().all(|visibility| visibility.as_str().parse() == Ok(*visibility)));
        assert!("paid".parse::<PotStage>().is_err());
    }

    #[test]
    fn a_pot_opens_thirty_days_before_and_closes_at_the_end_of_the_day() {
        let timeline =
            Timeline::plan("2027-01-02".parse().expect("a day"), at("2026-11-23T10:00:00Z"), &rules());
        assert_eq!(timeline.opens_at, at("2026-12-03T00:00:00Z"));
        assert_eq!(timeline.closes_at, at("2027-01-02T23:59:59Z"));
        assert_eq!(timeline.pays_out_at(timeline.closes_at), at("2027-01-03T08:00:00Z"));
        let said: Vec<_> = timeline.occasions.iter().map(|occasion| (occasion.at, occasion.what)).collect();
        assert_eq!(
            said,
            [
                (at("2026-12-26T08:00:00Z"), Announcement::Reminder { days: 7 }),
                (at("2027-01-01T08:00:00Z"), Announcement::Reminder { days: 1 }),
                (at("2027-01-02T08:00:00Z"), Announcement::BirthdayWish),
            ]
        );
    }

    #[test]
    fn a_pot_made_late_opens_at_once_and_skips_what_is_past() {
        let now = at("2026-12-31T12:00:00Z");
        let timeline = Timeline::plan("2027-01-02".parse().expect("a day"), now, &rules());
        assert_eq!(timeline.opens_at, now);
        let said: Vec<_> = timeline.occasions.iter().map(|occasion| occasion.what).collect();
        assert_eq!(said, [Announcement::Reminder { days: 1 }, Announcement::BirthdayWish]);
    }

    #[test]
    fn the_days_of_a_planned_pot_are_found_again_and_stand_when_the_rules_change() {
        let birthday = "2027-01-02".parse().expect("a day");
        for made in ["2026-11-23T10:00:00Z", "2026-12-31T12:00:00Z"] {
            let timeline = Timeline::plan(birthday, at(made), &rules());
            let (opens_at, closes_at) = (timeline.opens_at, timeline.closes_at);
            assert_eq!(Timeline::of_planned(birthday, opens_at, closes_at, &rules()), timeline);
            let later = PotRules { opens_days_before: 10, ..rules() };
            assert_eq!(Timeline::of_planned(birthday, opens_at, closes_at, &later).opens_at, opens_at);
        }
    }

    #[test]
    fn a_pot_closed_early_is_paid_out_the_next_day() {
        let timeline =
            Timeline::plan("2027-01-02".parse().expect("a day"), at("2026-11-23T10:00:00Z"), &rules());
        assert_eq!(timeline.pays_out_at(at("2026-12-20T17:00:00Z")), at("2026-12-21T08:00:00Z"));
        // A closing at midnight belongs to the day that begins.
        assert_eq!(timeline.pays_out_at(at("2026-12-20T00:00:00Z")), at("2026-12-21T08:00:00Z"));
    }

    #[test]
    fn a_closing_that_is_carried_out_late_does_not_delay_the_payout() {
        let timeline =
            Timeline::plan("2027-01-02".parse().expect("a day"), at("2026-11-23T10:00:00Z"), &rules());
        assert_eq!(timeline.pays_out_at(at("2027-01-03T00:00:00.004Z")), at("2027-01-03T08:00:00Z"));
        assert_eq!(timeline.pays_out_at(at("2027-01-05T12:00:00Z")), at("2027-01-03T08:00:00Z"));
    }

    proptest! {
        #[test]
        fn the_moments_of_a_pot_are_in_order(ahead in 0i64..400, hour in 0i64..24, opens in 0u32..90) {
            let now = at("2026-02-28T00:00:00Z") + TimeDelta::hours(hour);
            let birthday = dakar::day_of(now) + TimeDelta::days(ahead);
            let rules = PotRules { opens_days_before: opens, ..rules() };
            let timeline = Timeline::plan(birthday, now, &rules);
            prop_assert!(now <= timeline.opens_at);
            prop_assert!(timeline.opens_at <= timeline.closes_at);
            let mut last = timeline.opens_at;
            for occasion in &timeline.occasions {
                prop_assert!(last <= occasion.at && occasion.at <= timeline.closes_at);
                last = occasion.at;
            }
            prop_assert!(timeline.pays_out_at(timeline.closes_at) > timeline.closes_at);
        }
    }
}
