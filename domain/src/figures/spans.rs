//! A period of days in Dakar, cut into days, weeks or months.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::words;

/// What a period is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Day,
    /// From Monday.
    Week,
    Month,
}

impl Part {
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of the part that a day is in.
    pub fn start(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => {
                let before = Days::new(day.weekday().num_days_from_monday().into());
                day.checked_sub_days(before).unwrap_or(day)
            }
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    fn next(self, start: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => start.succ_opt(),
            Self::Week => start.checked_add_days(Days::new(7)),
            Self::Month => start.checked_add_months(Months::new(1)),
        }
    }
}

words!(Part, "a part of a period");

/// Why two days are no period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidSpan {
    #[error("the last day is before the first")]
    Backwards,
    #[error("these are more than {} parts: take a shorter period, or weeks or months", Span::MOST_PARTS)]
    TooLong,
}

/// From one day to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    from: NaiveDate,
    to: NaiveDate,
    by: Part,
}

impl Span {
    /// More than anybody draws.
    pub const MOST_PARTS: usize = 1_000;

    pub fn new(from: NaiveDate, to: NaiveDate, by: Part) -> Result<Self, InvalidSpan> {
        let span = Self { from, to, by };
        if to < from {
            Err(InvalidSpan::Backwards)
        } else if span.parts().nth(Self::MOST_PARTS).is_some() {
            Err(InvalidSpan::TooLong)
        } else {
            Ok(span)
        }
    }

    /// One day by itself.
    pub const fn day(day: NaiveDate) -> Self {
        Self { from: day, to: day, by: Part::Day }
    }

    pub const fn from(self) -> NaiveDate {
        self.from
    }

    pub const fn to(self) -> NaiveDate {
        self.to
    }

    pub const fn by(self) -> Part {
        self.by
    }

    /// The first day of each part. That of the first may be before the period, of which it is a part all the same.
    pub fn parts(self) -> impl Iterator<Item = NaiveDate> {
        let first = Some(self.by.start(self.from));
        std::iter::successors(first, move |start| self.by.next(*start))
            .take_while(move |start| *start <= self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn parts(from: &str, to: &str, by: Part) -> Vec<String> {
        let span = Span::new(day(from), day(to), by).unwrap();
        span.parts().map(|start| start.to_string()).collect()
    }

    #[test]
    fn a_period_is_cut_into_all_its_parts() {
        assert_eq!(parts("2026-02-27", "2026-03-01", Part::Day), ["2026-02-27", "2026-02-28", "2026-03-01"]);
        // A Sunday and a Monday are of two weeks.
        assert_eq!(parts("2026-11-22", "2026-11-23", Part::Week), ["2026-11-16", "2026-11-23"]);
        assert_eq!(
            parts("2026-01-31", "2026-03-01", Part::Month),
            ["2026-01-01", "2026-02-01", "2026-03-01"]
        );
        assert_eq!(parts("2026-01-31", "2026-01-31", Part::Day), ["2026-01-31"]);
    }

    #[test]
    fn a_period_goes_forward_and_is_not_without_end() {
        let (early, late) = (day("2026-01-01"), day("2028-09-26"));
        assert_eq!(Span::new(late, early, Part::Day), Err(InvalidSpan::Backwards));
        assert!(Span::new(early, late, Part::Day).is_ok(), "a thousand days");
        assert_eq!(Span::new(early, late.succ_opt().unwrap(), Part::Day), Err(InvalidSpan::TooLong));
        assert!(Span::new(early, NaiveDate::MAX, Part::Month).is_err());
    }
}
