//! Between rows and the domain's types: words, spans of time, and long lists in pages.

use std::fmt::Display;
use std::str::FromStr;

use chrono::TimeDelta;

use crate::Error;

/// A part of a list: what follows `after`, at most `limit` of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    pub after: Option<Id>,
    pub limit: u32,
}

impl<Id> Page<Id> {
    /// No list is read in larger parts, whatever is asked for.
    pub const LARGEST: u32 = 1_000;

    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    pub const fn after(last: Id, limit: u32) -> Self {
        Self { after: Some(last), limit }
    }

    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit.clamp(1, Self::LARGEST))
    }
}

/// A span as a statement takes it: `$1::text::interval`.
pub(crate) fn interval(span: TimeDelta) -> String {
    format!("{} seconds", span.num_seconds())
}

/// A word as the domain knows it; another word means a damaged row.
pub(crate) fn word<T: FromStr>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: impl Display,
) -> Result<T, Error> {
    text.parse().map_err(|_| Error::inconsistent(table, column, row))
}

/// A count that the table keeps from being negative.
pub(crate) fn count(
    value: i32,
    table: &'static str,
    column: &'static str,
    row: impl Display,
) -> Result<u32, Error> {
    u32::try_from(value).map_err(|_| Error::inconsistent(table, column, row))
}
