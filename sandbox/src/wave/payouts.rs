//! The payout API: money sent to people, one by one or in batches.
//!
//! A key stands for one body and one answer for ever (until a fault makes the emulator forget): the same key with the
//! same body answers the same bytes and moves nothing; with another body it is refused.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    book::{Book, Course, KeptAnswer, Payout, PayoutRefusal, PayoutStatus, ReversalRefusal, SHORT},
    calls::{Call, Reply},
    checkout::timestamp,
    errors::{Envelope, Refusal},
    fields::Fields,
    options::Charge,
    world::World,
};
use crate::faults::Fault;

/// The longest idempotency key, in characters.
const LONGEST_KEY: usize = 255;

/// A payout as Wave shows it.
pub(super) fn view(payout: &Payout) -> Value {
    let order = &payout.order;
    let mut shown = json!({
        "id": payout.id,
        "currency": "XOF",
        "receive_amount": order.receive_amount.to_string(),
        "fee": payout.fee.to_string(),
        "mobile": order.mobile,
        "name": order.name,
        "national_id": order.national_id,
        "client_reference": order.client_reference,
        "payment_reason": order.payment_reason,
        "status": match payout.status {
            PayoutStatus::Processing => "processing",
            PayoutStatus::Succeeded => "succeeded",
            PayoutStatus::Failed => "failed",
            PayoutStatus::Reversed => "reversed",
        },
        "timestamp": timestamp(payout.when),
    });
    if let Some(code) = &payout.error {
        shown["payout_error"] = json!({ "error_code": code, "error_message": "The payout failed." });
    }
    shown
}

fn refused(refusal: PayoutRefusal) -> Refusal {
    let status = match refusal.code {
        "country-mismatch" => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Refusal::new(status, refusal.code, refusal.message).shaped(Envelope::ErrorCode)
}

pub(super) fn create(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let key = idempotency_key(call)?;
    let order = Fields::read(call.header("content-type"), &call.body)?.payout(&world.options.mobile_prefixes);
    let now = world.now();
    let course = if call.suffers(&Fault::StaysProcessing) { Course::Wait } else { Course::Settle };
    world.change(|book| {
        once(book, key, &call.body, |book| {
            let order = order?;
            if call.suffers(&Fault::ShortBalance) {
                return Ok(refused(SHORT).into());
            }
            let fee = (world.options.fees)(Charge::Payout, order.receive_amount);
            Ok(match book.send_payout(order, fee, course, now) {
                Ok(payout) => Reply::json(&view(payout)),
                Err(refusal) => refused(refusal).into(),
            })
        })
    })
}

pub(super) fn create_batch(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let key = idempotency_key(call)?;
    let orders = batch_orders(world, call);
    let now = world.now();
    world.change(|book| {
        once(book, key, &call.body, |book| {
            let batch = book.send_batch(orders?, world.options.batch_polls, now);
            Ok(Reply::json(&json!({ "id": batch.id })))
        })
    })
}

fn batch_orders(world: &World, call: &Call) -> Result<Vec<(super::book::PayoutOrder, i64)>, Refusal> {
    let mut fields = Fields::read(call.header("content-type"), &call.body)?;
    let items = fields.list("payouts")?;
    fields.finish()?;
    if items.is_empty() {
        return Err(Refusal::field(
            "payouts",
            "ensure this value has at least 1 items",
            "value_error.list.min_items",
        ));
    }
    let price = |item| {
        let order = Fields::from_value(item)?.payout(&world.options.mobile_prefixes)?;
        let fee = (world.options.fees)(Charge::Payout, order.receive_amount);
        Ok((order, fee))
    };
    items.into_iter().map(price).collect()
}

pub(super) fn get(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    world.read(|book| match book.payout(&call.id) {
        Some(payout) => Ok(Reply::json(&view(payout))),
        None => Err(Refusal::not_found("not-found")),
    })
}

/// `?client_reference=`: every payout made for it.
pub(super) fn search(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let Some(reference) = call.query("client_reference") else {
        return Err(Refusal::field("client_reference", "field required", "value_error.missing"));
    };
    let mut found: Vec<Value> = world.read(|book| book.payouts_for(reference).map(view).collect());
    if call.suffers(&Fault::SearchBlind) {
        found.clear();
    }
    Ok(Reply::json(&json!({ "result": found })))
}

pub(super) fn get_batch(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let now = world.now();
    world.change(|book| {
        let Some((batch, complete)) = book.poll_batch(&call.id, now) else {
            return Err(Refusal::not_found("not-found"));
        };
        let (id, payout_ids) = (batch.id.clone(), batch.payout_ids.clone());
        let payouts: Vec<_> = payout_ids.iter().filter_map(|id| book.payout(id)).map(view).collect();
        let status = if complete { "complete" } else { "processing" };
        Ok(Reply::json(&json!({ "id": id, "status": status, "payouts": payouts })))
    })
}

pub(super) fn reverse(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let now = world.now();
    if call.suffers(&Fault::ShortBalance) {
        let short = PayoutRefusal { message: "Insufficient funds in the recipient's wallet.", ..SHORT };
        return Err(refused(short));
    }
    world.change(|book| book.reverse_payout(&call.id, now)).map(|()| Reply::empty()).map_err(|refusal| {
        let (status, code, message) = match refusal {
            ReversalRefusal::Unknown => (StatusCode::NOT_FOUND, "not-found", "Payout not found."),
            ReversalRefusal::NotSent => (
                StatusCode::CONFLICT,
                "request-validation-error",
                "Only a payout that succeeded can be reversed.",
            ),
            ReversalRefusal::TooLate => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "payout-reversal-time-limit-exceeded",
                "A payout can be reversed for three days.",
            ),
        };
        Refusal::new(status, code, message).shaped(Envelope::ErrorCode)
    })
}

fn idempotency_key(call: &Call) -> Result<String, Refusal> {
    let refuse = |message: &str| {
        Err(Refusal::new(StatusCode::BAD_REQUEST, "request-validation-error", message)
            .shaped(Envelope::Plain))
    };
    match call.header("idempotency-key") {
        None | Some("") => refuse("The Idempotency-Key header is required."),
        Some(key) if key.chars().count() > LONGEST_KEY => refuse("The Idempotency-Key header is too long."),
        Some(key) => Ok(key.to_owned()),
    }
}

/// Does the work once for a key. What could not be understood (`Err`) binds nothing: the key may be used again.
fn once(
    book: &mut Book,
    key: String,
    body: &[u8],
    work: impl FnOnce(&mut Book) -> Result<Reply, Refusal>,
) -> Result<Reply, Refusal> {
    let body_sha256 = hex::encode(digest::digest(&digest::SHA256, body));
    if let Some(kept) = book.kept_answer(&key) {
        if kept.body_sha256 != body_sha256 {
            let message = "The idempotency key was used with another body.";
            let mismatch = Refusal::new(StatusCode::CONFLICT, "idempotency-mismatch", message);
            return Err(mismatch.shaped(Envelope::ErrorCode));
        }
        let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
        return Ok(Reply { status, body: kept.answer.clone().into_bytes() });
    }
    let reply = work(book)?;
    let answer = String::from_utf8_lossy(&reply.body).into_owned();
    book.keep_answer(key, KeptAnswer { body_sha256, status: reply.status.as_u16(), answer });
    Ok(reply)
}
