//! What can be taken away as a file, and how its lines are written.
//!
//! Nobody's name, number or message stands in one: things are called by their opaque ids. What did come from outside (a refusal's
//! code) is text all the same, and a spreadsheet must not take it for a formula.

use std::fmt::{self, Write as _};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::words::words;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Export {
    Figures,
    Ledger,
    Gifts,
    Payouts,
    Invitations,
    Notices,
}

impl Export {
    pub const ALL: [Self; 6] =
        [Self::Figures, Self::Ledger, Self::Gifts, Self::Payouts, Self::Invitations, Self::Notices];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Figures => "figures",
            Self::Ledger => "ledger",
            Self::Gifts => "gifts",
            Self::Payouts => "payouts",
            Self::Invitations => "invitations",
            Self::Notices => "notices",
        }
    }

    /// What its lines have, in their order.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Figures => &["day", "figure", "way", "measure", "value"],
            Self::Ledger => &[
                "posted_at",
                "transaction",
                "kind",
                "about",
                "account",
                "amount",
                "provider",
                "provider_transaction",
            ],
            Self::Gifts => &[
                "requested_at",
                "gift",
                "pot",
                "giver",
                "amount",
                "stage",
                "anonymous",
                "paid_at",
                "paid_amount",
                "fee",
                "failed_attempts",
                "refusal",
                "ended_at",
            ],
            Self::Payouts => &[
                "planned_at",
                "payout",
                "pot",
                "amount",
                "stage",
                "orders",
                "approvals_needed",
                "fee",
                "refusal",
                "sent_at",
                "ended_at",
            ],
            Self::Invitations => &[
                "written_at",
                "invitation",
                "sponsor",
                "message",
                "opened_at",
                "invitee",
                "accepted_at",
                "no_points",
                "pot",
                "pot_opened_at",
                "first_gift_at",
                "ended_as",
                "ended_at",
            ],
            Self::Notices => &[
                "written_at",
                "notice",
                "kind",
                "category",
                "recipient",
                "pot",
                "stage",
                "tries",
                "channel",
                "provider",
                "withheld",
                "ended_at",
            ],
        }
    }
}

words!(Export, "something that can be exported");

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writing {
    /// RFC 4180, with a line of names first.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

impl Writing {
    pub const ALL: [Self; 2] = [Self::Csv, Self::Ndjson];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// What stands before the first line.
    pub fn head(self, columns: &[&str]) -> String {
        match self {
            Self::Csv => format!("{}\r\n", columns.join(",")),
            Self::Ndjson => String::new(),
        }
    }

    /// Adds a line with these cells, one for each column.
    pub fn line(self, columns: &[&str], cells: &[Cell], text: &mut String) {
        match self {
            Self::Csv => {
                for (place, cell) in cells.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    cell.csv(text);
                }
                text.push_str("\r\n");
            }
            Self::Ndjson => {
                for (place, (name, cell)) in columns.iter().zip(cells).enumerate() {
                    text.push(if place == 0 { '{' } else { ',' });
                    // Writing into a text does not fail.
                    let _ = write!(text, "\"{name}\":");
                    cell.json(text);
                }
                text.push_str("}\n");
            }
        }
    }
}

words!(Writing, "a way to write lines");

/// One value of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Nothing,
    Number(i64),
    Flag(bool),
    Day(NaiveDate),
    Instant(DateTime<Utc>),
    Text(String),
}

impl Cell {
    pub fn text(value: impl fmt::Display) -> Self {
        Self::Text(value.to_string())
    }

    fn csv(&self, out: &mut String) {
        match self {
            Self::Nothing => {}
            Self::Text(text) => quoted(text, out),
            plain => plain.plain(out),
        }
    }

    fn json(&self, out: &mut String) {
        match self {
            Self::Nothing => out.push_str("null"),
            Self::Text(text) => out.push_str(&serde_json::Value::from(text.as_str()).to_string()),
            Self::Day(_) | Self::Instant(_) => {
                out.push('"');
                self.plain(out);
                out.push('"');
            }
            plain => plain.plain(out),
        }
    }

    /// What needs no quotes: numbers, words of ours, times.
    fn plain(&self, out: &mut String) {
        // Writing into a text does not fail.
        let _ = match self {
            Self::Nothing | Self::Text(_) => Ok(()),
            Self::Number(number) => write!(out, "{number}"),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Day(day) => write!(out, "{day}"),
            Self::Instant(at) => write!(out, "{}", at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        };
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Cell {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<DateTime<Utc>> for Cell {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Instant(at)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// What a spreadsheet would begin to compute with. The wide ones are the same to some.
const BEGINS_A_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A text that is read as text, whatever is in it.
fn quoted(text: &str, out: &mut String) {
    let formula = text.starts_with(BEGINS_A_FORMULA);
    if !formula && !text.contains([',', '"', '\r', '\n']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(writing: Writing, cells: &[Cell]) -> String {
        let mut text = String::new();
        writing.line(&["a", "b", "c"][..cells.len()], cells, &mut text);
        text
    }

    #[test]
    fn a_text_that_a_spreadsheet_would_compute_with_is_read_as_text() {
        for (text, csv) in [
            ("=1+1", "\"'=1+1\"\r\n"),
            ("+221", "\"'+221\"\r\n"),
            ("-2+3", "\"'-2+3\"\r\n"),
            ("@SUM(A1)", "\"'@SUM(A1)\"\r\n"),
            ("\t=1", "\"'\t=1\"\r\n"),
            ("＝1", "\"'＝1\"\r\n"),
            ("a=1", "a=1\r\n"),
            ("a,\"b\"\n", "\"a,\"\"b\"\"\n\"\r\n"),
        ] {
            assert_eq!(written(Writing::Csv, &[Cell::text(text)]), csv, "{text:?}");
        }
        // A number that is negative stays one.
        assert_eq!(written(Writing::Csv, &[(-5_i64).into(), Cell::Nothing, true.into()]), "-5,,true\r\n");
    }

    #[test]
    fn a_line_of_json_is_one_line_and_is_read_back() {
        let at: DateTime<Utc> = "2026-11-27T01:02:03.5Z".parse().unwrap();
        let line = written(Writing::Ndjson, &[Cell::text("a\"\n=b"), at.into(), Cell::Nothing]);
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({ "a": "a\"\n=b", "b": "2026-11-27T01:02:03.500000Z", "c": null });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_file_of_values_begins_with_their_names_and_one_of_objects_does_not() {
        for export in Export::ALL {
            let head = Writing::Csv.head(export.columns());
            assert_eq!(head.trim_end().split(',').collect::<Vec<_>>(), export.columns(), "{export}");
            assert_eq!(Writing::Ndjson.head(export.columns()), "");
        }
    }
}
