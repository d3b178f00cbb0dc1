//! Whether a message goes out now, later or never: the person's own wishes, the night, and how much a day can bear.

use chrono::{DateTime, Days, Timelike as _, Utc};
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::dakar;
use crate::words::words;

/// What everybody is spared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRules {
    /// Nothing that can wait goes out from this hour on (0 to 23, Dakar) …
    pub quiet_from: u32,
    /// … until this one. The same hour twice: there is no night.
    pub quiet_until: u32,
    /// So many messages reach one person in a day (Dakar).
    pub a_day: u32,
}

impl Default for NoticeRules {
    fn default() -> Self {
        Self { quiet_from: 22, quiet_until: 8, a_day: 10 }
    }
}

/// Why a message never goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The person does not want its category.
    Muted,
    /// It would come when it is of no use any more.
    Expired,
    /// There is no channel on which the person can be reached, or may be.
    NoChannel,
}

impl Withheld {
    pub const ALL: [Self; 3] = [Self::Muted, Self::Expired, Self::NoChannel];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Muted => "muted",
            Self::Expired => "expired",
            Self::NoChannel => "no_channel",
        }
    }
}

words!(Withheld, "a reason to withhold a message");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    Now,
    /// Not before this.
    At(DateTime<Utc>),
    Never(Withheld),
}

/// When a message of this kind goes out. `today` is how many the person has been sent today.
pub fn timing(
    kind: Kind,
    muted: bool,
    today: u32,
    now: DateTime<Utc>,
    expires: Option<DateTime<Utc>>,
    rules: NoticeRules,
) -> Timing {
    let category = kind.category();
    let when = if category.must_be_heard() {
        now
    } else if muted {
        return Timing::Never(Withheld::Muted);
    } else {
        let day = if today >= rules.a_day { tomorrow(now) } else { now };
        rules.after_the_night(day)
    };
    match expires {
        Some(expires) if when >= expires => Timing::Never(Withheld::Expired),
        _ if when > now => Timing::At(when),
        _ => Timing::Now,
    }
}

fn tomorrow(now: DateTime<Utc>) -> DateTime<Utc> {
    let day = dakar::day_of(now);
    dakar::start_of(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

impl NoticeRules {
    /// The moment itself by day, and the next morning by night.
    fn after_the_night(self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let (hour, day) = (moment.hour(), dakar::day_of(moment));
        let (from, until) = (self.quiet_from, self.quiet_until);
        let over_midnight = from > until;
        let before_the_morning = hour < until && (over_midnight || hour >= from);
        if before_the_morning {
            return dakar::hour_of(day, until);
        }
        if over_midnight && hour >= from {
            return dakar::hour_of(dakar::day_of(tomorrow(moment)), until);
        }
        moment
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        day.and_hms_opt(hour, minute, 0).unwrap().and_utc()
    }

    fn plainly(kind: Kind, now: DateTime<Utc>) -> Timing {
        timing(kind, false, 0, now, None, NoticeRules::default())
    }

    #[test]
    fn a_reminder_waits_for_the_morning_and_money_does_not() {
        assert_eq!(plainly(Kind::DaysLeft, at(3, 21, 59)), Timing::Now);
        assert_eq!(plainly(Kind::DaysLeft, at(3, 22, 0)), Timing::At(at(4, 8, 0)));
        assert_eq!(plainly(Kind::DaysLeft, at(4, 0, 1)), Timing::At(at(4, 8, 0)));
        assert_eq!(plainly(Kind::DaysLeft, at(4, 7, 59)), Timing::At(at(4, 8, 0)));
        assert_eq!(plainly(Kind::DaysLeft, at(4, 8, 0)), Timing::Now);
        for kind in [Kind::PayoutSent, Kind::OneTimeCode, Kind::ConsentRequest] {
            assert_eq!(plainly(kind, at(4, 3, 0)), Timing::Now);
        }
    }

    #[test]
    fn what_is_muted_is_never_said_but_what_must_be_heard_is() {
        let rules = NoticeRules::default();
        let muted = |kind| timing(kind, true, 0, at(4, 12, 0), None, rules);
        assert_eq!(muted(Kind::BirthdayWish), Timing::Never(Withheld::Muted));
        assert_eq!(muted(Kind::GiftRefunded), Timing::Now);
    }

    #[test]
    fn the_eleventh_message_of_a_day_waits_for_the_next_morning() {
        let rules = NoticeRules::default();
        let sent = |today, kind| timing(kind, false, today, at(4, 12, 0), None, rules);
        assert_eq!(sent(9, Kind::GiftReceived), Timing::Now);
        assert_eq!(sent(10, Kind::GiftReceived), Timing::At(at(5, 8, 0)));
        assert_eq!(sent(10, Kind::GiftReceipt), Timing::Now);
        // Late in the evening the next morning is the same one.
        let late = timing(Kind::GiftReceived, false, 10, at(4, 23, 0), None, rules);
        assert_eq!(late, Timing::At(at(5, 8, 0)));
    }

    #[test]
    fn what_would_come_too_late_is_not_said() {
        let rules = NoticeRules::default();
        let said = |now, expires| timing(Kind::LastDay, false, 0, now, Some(expires), rules);
        assert_eq!(said(at(4, 23, 0), at(5, 7, 0)), Timing::Never(Withheld::Expired));
        assert_eq!(said(at(4, 23, 0), at(5, 9, 0)), Timing::At(at(5, 8, 0)));
        assert_eq!(said(at(4, 12, 0), at(4, 12, 0)), Timing::Never(Withheld::Expired));
    }

    proptest! {
        #[test]
        fn no_night_is_disturbed(
            from in 0_u32..24, until in 0_u32..24, minute in 0_i64..100_000, today in 0_u32..20,
        ) {
            let rules = NoticeRules { quiet_from: from, quiet_until: until, a_day: 10 };
            let now = at(1, 0, 0) + chrono::TimeDelta::minutes(minute);
            let when = match timing(Kind::BirthdayWish, false, today, now, None, rules) {
                Timing::Now => now,
                Timing::At(when) => { prop_assert!(when > now); when }
                Timing::Never(why) => panic!("{why}"),
            };
            let hour = when.hour();
            let quiet = if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until };
            prop_assert!(!quiet, "{when} is in the night from {from} until {until}");
            prop_assert!(when - now < chrono::TimeDelta::hours(49));
        }
    }
}
