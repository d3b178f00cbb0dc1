//! Values in words. Times are Dakar's, which keeps UTC all year.

use std::fmt::Display;

use chrono::{DateTime, NaiveDate, Utc};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;

/// `23 Nov 2026 08:22`, in Dakar.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y %H:%M").to_string()
}

/// `23 Nov 2026`.
pub(crate) fn day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

pub(crate) fn instant_or_dash(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "-".to_owned(), instant)
}

pub(crate) fn or_dash<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// An account of the ledger. Our wallet's is as negative as the wallet is full (docs/decisions/0002), so it is not called
/// a float where people read.
pub(crate) fn account(account: Account) -> String {
    match account {
        Account::WaveFloat => "at Wave".to_owned(),
        other => other.to_string(),
    }
}

/// `1 240`: in groups of three, as amounts are.
pub(crate) fn grouped(number: i64) -> String {
    let amount = Xof::new(number).to_string();
    amount.strip_suffix(" XOF").unwrap_or(&amount).to_owned()
}

/// `1 gift`, `2 gifts`.
pub(crate) fn gifts(count: i64) -> String {
    format!("{count} {}", if count == 1 { "gift" } else { "gifts" })
}

/// What a process waits for, and until when, as one phrase.
pub(crate) fn waiting(waits_for: &str, until: Option<DateTime<Utc>>) -> String {
    match (waits_for.is_empty(), until) {
        (true, _) => "nothing: it is working or has ended".to_owned(),
        (false, None) => waits_for.to_owned(),
        (false, Some(until)) => format!("{waits_for}, until {} in Dakar", instant(until)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_one_phrase() {
        let at = "2026-12-24T23:59:59Z".parse().unwrap();
        let said = waiting("the end of the birthday", Some(at));
        assert_eq!(said, "the end of the birthday, until 24 Dec 2026 23:59 in Dakar");
        assert_eq!(waiting("", None), "nothing: it is working or has ended");
    }

    #[test]
    fn numbers_are_shown_in_groups_of_three() {
        assert_eq!([0, 999, 1_240, -5_000_000].map(grouped), ["0", "999", "1 240", "-5 000 000"]);
    }

    #[test]
    fn one_gift_is_one() {
        assert_eq!([0, 1, 2].map(gifts), ["0 gifts", "1 gift", "2 gifts"]);
    }
}
