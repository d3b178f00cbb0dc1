//! The balance and the statement: one day at a time, page by page, oldest line first.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    book::{Book, Movement, RefundRefusal},
    calls::{Call, Reply},
    checkout::{refund_refusal, timestamp},
    errors::Refusal,
    world::World,
};
use crate::faults::Fault;

/// The longest page, as with Wave.
const LONGEST_PAGE: usize = 1000;

#[expect(clippy::unnecessary_wraps, reason = "every endpoint's work has one shape")]
pub(super) fn balance(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let available = if call.suffers(&Fault::ShortBalance) { 0 } else { world.read(Book::available) };
    Ok(Reply::json(&json!({ "amount": available.to_string(), "currency": "XOF" })))
}

pub(super) fn transactions(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let day = match call.query("date") {
        None => world.now().date_naive(),
        Some(text) => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| Refusal::field("date", "invalid date format", "value_error.date"))?,
    };
    let size = match call.query("first") {
        None => world.options.page_size.clamp(1, LONGEST_PAGE),
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=LONGEST_PAGE).contains(size))
            .ok_or_else(|| Refusal::field("first", "value is not a valid page size", "value_error"))?,
    };
    let after = call.query("after");
    let start = after.map_or(Ok(0), |cursor| {
        position(cursor, day).ok_or_else(|| Refusal::field("after", "invalid cursor", "value_error"))
    })?;
    let (items, total): (Vec<Value>, usize) = world.read(|book| {
        let (total, lines) = book.day(day, start);
        (lines.take(size).map(view).collect(), total)
    });
    let end = start + items.len();
    let end_cursor = if items.is_empty() { after.map(str::to_owned) } else { Some(cursor(day, end)) };
    Ok(Reply::json(&json!({
        "page_info": { "start_cursor": after, "end_cursor": end_cursor, "has_next_page": end < total },
        "date": day.to_string(),
        "items": items,
    })))
}

pub(super) fn refund(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let now = world.now();
    let outcome = if call.suffers(&Fault::ShortBalance) {
        Err(RefundRefusal::Short)
    } else {
        world.change(|book| book.refund_transaction(&call.id, now))
    };
    outcome.map(|()| Reply::empty()).map_err(|refusal| refund_refusal(refusal, "not-found"))
}

/// Lines are only ever added, so a place in the day stays true.
fn cursor(day: NaiveDate, position: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("{day}/{position}"))
}

fn position(cursor: &str, day: NaiveDate) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (of_day, position) = text.split_once('/')?;
    if of_day != day.to_string() {
        return None;
    }
    position.parse().ok()
}

fn view(movement: &Movement) -> Value {
    let mut line = as_it_should_be(movement);
    if let Some(fields) = line.as_object_mut() {
        fields.extend(movement.odd.clone());
    }
    line
}

fn as_it_should_be(movement: &Movement) -> Value {
    json!({
        "timestamp": timestamp(movement.when),
        "transaction_id": movement.transaction_id,
        "transaction_type": movement.kind,
        "amount": movement.amount.to_string(),
        "fee": movement.fee.to_string(),
        "balance": movement.balance.to_string(),
        "currency": "XOF",
        "is_reversal": movement.is_reversal,
        "counterparty_name": movement.counterparty_name,
        "counterparty_mobile": movement.counterparty_mobile,
        "counterparty_id": null,
        "business_user_name": null,
        "business_user_mobile": null,
        "employee_id": null,
        "client_reference": movement.client_reference,
        "payment_reason": movement.payment_reason,
        "checkout_api_session_id": movement.checkout_session_id,
        "batch_id": movement.batch_id,
        "aggregated_merchant_id": null,
        "aggregated_merchant_name": null,
        "custom_fields": null,
        "submerchant_id": null,
        "submerchant_name": null,
        "government_tax_amount": null,
        "government_tax_paid_by_wave": null,
    })
}
