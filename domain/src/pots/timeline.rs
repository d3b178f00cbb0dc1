//! The days of a pot: when it opens, what it says when, when it closes and is paid out.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::dakar;

/// The numbers behind a pot's days. They come from the settings; none is a constant in a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PotRules {
    pub opens_days_before: u32,
    pub reminder_days_before: Vec<u32>,
    /// The hour in Dakar, on the day after closing, when the payout starts.
    pub payout_hour: u32,
}

impl Default for PotRules {
    fn default() -> Self {
        Self { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 }
    }
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
    /// It is planned, and opens later.
    Scheduled,
    /// Its days are others since then, because the owner's birth date was wrong.
    Moved {
        at: DateTime<Utc>,
    },
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
            Self::Scheduled => "scheduled".to_owned(),
            Self::Moved { at } => format!("moved_{}", at.format("%Y%m%dT%H%M%S")),
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
