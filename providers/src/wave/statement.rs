//! The wallet's balance, and its book line by line: the evidence that reconciliation works from.
//!
//! The book is the only place where Wave's real fee on a gift is visible, and the only place where refunds and reversals
//! show themselves, because no webhook tells of them.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use wolo_domain::money::Xof;
use wolo_domain::names;
use wolo_domain::reconciliation::LineType;

use super::{Currency, Wave, amount};
use crate::private::Private;
use crate::wire::ProviderError;

/// No movement of a wallet is as large, in francs.
const LARGEST: u64 = 1_000_000_000_000;
/// Wave's books begin in these.
const YEARS: RangeInclusive<i32> = 2017..=9999;

/// One movement of the wallet. Lines made by hand in Wave's own app stand here too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatementLine {
    pub timestamp: DateTime<Utc>,
    pub transaction_id: String,
    #[serde(default = "unknown_type", deserialize_with = "type_or_unknown")]
    pub transaction_type: LineType,
    /// The change of our wallet, net of the fee: positive in, negative out. What a giver paid is `amount` + `fee`. Whether
    /// an outgoing amount contains its fee is not documented; compare `balance` of neighbouring lines.
    #[serde(deserialize_with = "amount::change::deserialize")]
    pub amount: Xof,
    #[serde(default, deserialize_with = "amount::optional_change::deserialize")]
    pub fee: Option<Xof>,
    /// The wallet after this line.
    #[serde(default, deserialize_with = "amount::optional_change::deserialize")]
    pub balance: Option<Xof>,
    pub currency: Currency,
    #[serde(default)]
    pub is_reversal: bool,
    #[serde(default)]
    pub client_reference: Option<String>,
    /// The session, `cos-…`, when the line is a gift through the API.
    #[serde(default)]
    pub checkout_api_session_id: Option<String>,
    #[serde(default)]
    pub counterparty_name: Option<Private<String>>,
    #[serde(default)]
    pub counterparty_mobile: Option<Private<String>>,
}

/// A line that this client cannot read. It is passed on so that one strange line does not hide a day of good ones, and
/// so that it is not lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableLine {
    /// Its place in the page, from 0.
    pub index: usize,
    pub transaction_id: Option<String>,
}

/// Part of one day's book. Nothing says whether lines run forwards or backwards in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPage {
    pub lines: Vec<StatementLine>,
    pub unreadable: Vec<UnreadableLine>,
    /// Pass it as `after` to have the next page; `None` on the last.
    pub next: Option<String>,
}

impl StatementLine {
    /// Whether it can stand in our books: its names are names, its time is one in which Wave has been, and its amounts are such
    /// that a day of them can be added up. What cannot is looked at by a person.
    fn can_be_kept(&self) -> bool {
        let names = [
            Some(&self.transaction_id),
            self.client_reference.as_ref(),
            self.checkout_api_session_id.as_ref(),
        ];
        let amounts = [Some(self.amount), self.fee, self.balance];
        names.into_iter().flatten().all(|name| is_a_name(name))
            && amounts.into_iter().flatten().all(|amount| amount.francs().unsigned_abs() <= LARGEST)
            && YEARS.contains(&self.timestamp.year())
    }
}

fn is_a_name(text: &str) -> bool {
    !text.is_empty() && names::fits(text)
}

const fn unknown_type() -> LineType {
    LineType::Unknown
}

fn type_or_unknown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LineType, D::Error> {
    Ok(Option::<LineType>::deserialize(deserializer)?.unwrap_or(LineType::Unknown))
}

#[derive(Deserialize)]
struct PageBody {
    page_info: PageInfo,
    #[serde(default)]
    date: Option<NaiveDate>,
    items: Vec<Value>,
}

#[derive(Deserialize)]
struct PageInfo {
    #[serde(default)]
    end_cursor: Option<String>,
    has_next_page: bool,
}

#[derive(Deserialize)]
struct BalanceBody {
    #[serde(deserialize_with = "amount::change::deserialize")]
    amount: Xof,
    currency: Currency,
}

impl Wave {
    /// `GET /v1/balance`: what the wallet holds now, in francs.
    pub async fn balance(&self) -> Result<Xof, ProviderError> {
        let reply = self.get(self.address(&["balance"])).await?;
        let status = reply.status;
        let body: BalanceBody = reply.decode()?;
        match body.currency {
            Currency::Xof => Ok(body.amount),
            Currency::Unknown => {
                Err(ProviderError::unexpected("a balance in another currency", Some(status)))
            }
        }
    }

    /// `GET /v1/transactions`: one page of the book of `date` (UTC, which is Dakar's time), from the beginning or after a
    /// page's [`StatementPage::next`].
    pub async fn statement_page(
        &self,
        date: NaiveDate,
        after: Option<&str>,
    ) -> Result<StatementPage, ProviderError> {
        let mut url = self.address(&["transactions"]);
        url.query_pairs_mut().append_pair("date", &date.to_string());
        if let Some(cursor) = after {
            url.query_pairs_mut().append_pair("after", cursor);
        }
        let reply = self.get(url).await?;
        let status = reply.status;
        page(reply.decode()?, date, after).map_err(|what| ProviderError::unexpected(what, Some(status)))
    }
}

fn page(body: PageBody, date: NaiveDate, after: Option<&str>) -> Result<StatementPage, &'static str> {
    if body.date.is_some_and(|given| given != date) {
        return Err("the book of another day");
    }
    let next = match (body.page_info.has_next_page, body.page_info.end_cursor) {
        (false, _) => None,
        (true, Some(cursor)) if !cursor.is_empty() && Some(cursor.as_str()) != after => Some(cursor),
        // Following it would read the same page for ever.
        (true, _) => return Err("a next page that cannot be asked for"),
    };
    let mut lines = Vec::with_capacity(body.items.len());
    let mut unreadable = Vec::new();
    for (index, item) in body.items.into_iter().enumerate() {
        match StatementLine::deserialize(&item) {
            Ok(line) if line.can_be_kept() => lines.push(line),
            _ => {
                let named = item.get("transaction_id").and_then(Value::as_str).filter(|name| is_a_name(name));
                let transaction_id = named.map(str::to_owned);
                unreadable.push(UnreadableLine { index, transaction_id });
            }
        }
    }
    Ok(StatementPage { lines, unreadable, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: &str = "2026-11-22";

    fn read(json: &str, after: Option<&str>) -> Result<StatementPage, &'static str> {
        page(serde_json::from_str(json).unwrap(), DAY.parse().unwrap(), after)
    }

    fn line(amount: &str, kind: &str) -> String {
        format!(
            r#"{{"timestamp":"2026-11-22T10:02:11Z","transaction_id":"T1","transaction_type":{kind},"amount":"{amount}","fee":"50",
            "balance":"104950","currency":"XOF","is_reversal":false,"counterparty_name":"Awa Test",
            "counterparty_mobile":"+221770000001","client_reference":"don_1","checkout_api_session_id":"cos-1",
            "government_tax_amount":null,"custom_fields":null}}"#
        )
    }

    fn one_page(items: &str) -> String {
        format!(
            r#"{{"page_info":{{"start_cursor":null,"end_cursor":"c1","has_next_page":false}},"date":"{DAY}","items":[{items}]}}"#
        )
    }

    #[test]
    fn money_out_is_negative_and_a_strange_type_is_kept() {
        let items = [
            line("-48985", "\"api_payout\""),
            line("1", "\"\""),
            line("1", "null"),
            line("1", "\"gift_card\""),
        ];
        let page = read(&one_page(&items.join(",")), None).unwrap();
        let kinds: Vec<_> = page.lines.iter().map(|line| line.transaction_type).collect();
        let unknown = LineType::Unknown;
        assert_eq!(kinds, [LineType::ApiPayout, unknown, unknown, unknown]);
        assert_eq!(page.lines[0].amount, Xof::new(-48_985));
        assert_eq!(page.next, None);
    }

    #[test]
    fn one_strange_line_does_not_hide_the_others() {
        let items = [line("1", "null"), line("1.50", "null"), line("2", "null")];
        let page = read(&one_page(&items.join(",")), None).unwrap();
        assert_eq!(page.lines.len(), 2);
        assert_eq!(page.unreadable, [UnreadableLine { index: 1, transaction_id: Some("T1".into()) }]);
    }

    #[test]
    fn a_line_that_no_book_can_hold_is_left_to_a_person() {
        let good = line("1", "null");
        let long = format!("\"transaction_id\":\"{}\"", "x".repeat(256));
        let odd = [
            good.replace("\"T1\"", "\"\""),
            good.replace("\"T1\"", "\"a\\u0000b\""),
            good.replace("\"transaction_id\":\"T1\"", &long),
            good.replace("\"cos-1\"", "\"cos\\u0000\""),
            good.replace("2026-11-22T", "-5000-11-22T"),
            line("9223372036854775807", "null"),
            line("-1000000000001", "null"),
        ];
        for odd in odd {
            let page = read(&one_page(&[odd.clone(), good.clone()].join(",")), None).unwrap();
            assert_eq!((page.lines.len(), page.unreadable.len()), (1, 1), "{odd}");
            let named = page.unreadable[0].transaction_id.as_deref();
            assert!(named.is_none_or(|name| name == "T1"), "{odd}");
        }
    }

    #[test]
    fn a_next_page_that_leads_nowhere_is_refused() {
        for (cursor, after) in [("null", None), ("\"\"", None), ("\"c1\"", Some("c1"))] {
            let json =
                format!(r#"{{"page_info":{{"end_cursor":{cursor},"has_next_page":true}},"items":[]}}"#);
            assert!(read(&json, after).is_err(), "{cursor}");
        }
    }

    #[test]
    fn the_book_of_another_day_is_refused() {
        assert!(read(&one_page("").replace(DAY, "2026-11-21"), None).is_err());
    }

    #[test]
    fn debug_shows_no_counterparty() {
        let shown = format!("{:?}", read(&one_page(&line("1", "null")), None).unwrap());
        assert!(!shown.contains("Awa") && !shown.contains("7700"), "{shown}");
    }
}
