//! Days in Dakar. Senegal keeps UTC all year, so a Dakar day is a UTC day; the rule stands here once, should
//! that ever change.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Timelike, Utc};

use crate::contacts::Language;

const FRENCH_MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// The day it is in Dakar at an instant.
pub fn day_of(instant: DateTime<Utc>) -> NaiveDate {
    instant.date_naive()
}

/// 00:00 Dakar.
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// 23:59:59 Dakar, the last second of the day.
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    let last_second =
        NaiveTime::MIN.with_hour(23).and_then(|t| t.with_minute(59)).and_then(|t| t.with_second(59));
    day.and_time(last_second.unwrap_or(NaiveTime::MIN)).and_utc()
}

/// A full hour (0 to 23) of a day; a larger hour counts as 23.
pub fn hour_of(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN.with_hour(hour.min(23)).unwrap_or(NaiveTime::MIN)).and_utc()
}

/// The day some days after another; the calendar's last day where there is none.
pub fn days_after(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX)
}

/// The day some days before another; the calendar's first day where there is none.
pub fn days_before(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MIN)
}

/// `12 décembre`, `12 December`. The year is plain: nothing that we say speaks of a day that is a year away.
pub fn in_words(day: NaiveDate, language: Language) -> String {
    match language {
        Language::English => day.format("%-d\u{a0}%B").to_string(),
        Language::French | Language::Wolof => {
            let month = FRENCH_MONTHS[day.month0() as usize];
            let first = if day.day() == 1 { "er" } else { "" };
            format!("{}{first}\u{a0}{month}", day.day())
        }
    }
}
