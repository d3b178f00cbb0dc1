//! The checkout API: sessions that ask a payer for money.

use std::sync::Arc;

use axum::http::StatusCode;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    book::{CheckoutStatus, NewSession, PayRefusal, RefundRefusal, Session},
    calls::{Call, Reply},
    errors::Refusal,
    fields::{Fields, is_e164},
    world::World,
};
use crate::faults::Fault;

const UNKNOWN: &str = "checkout-session-not-found";

/// A session as Wave shows it, in answers and in webhooks.
pub(super) fn view(session: &Session, business_name: &str, base_url: &str, now: DateTime<Utc>) -> Value {
    let (checkout_status, payment_status) = match session.status_at(now) {
        CheckoutStatus::Open => ("open", "processing"),
        CheckoutStatus::Complete => ("complete", "succeeded"),
        CheckoutStatus::Expired => ("expired", "cancelled"),
    };
    json!({
        "id": session.id,
        "amount": session.amount.to_string(),
        "checkout_status": checkout_status,
        "client_reference": session.client_reference,
        "currency": "XOF",
        "error_url": session.error_url,
        "last_payment_error": session.last_payment_error,
        "business_name": business_name,
        "payment_status": payment_status,
        "transaction_id": session.transaction_id,
        "aggregated_merchant_id": null,
        "restrict_payer_mobile": session.restrict_payer_mobile,
        "success_url": session.success_url,
        "wave_launch_url": format!("{base_url}/c/{}", session.id),
        "when_completed": session.when_completed.map(timestamp),
        "when_created": timestamp(session.when_created),
        "when_expires": timestamp(session.when_expires),
    })
}

/// ISO 8601 in UTC to the second, as everywhere in Wave's API.
pub(super) fn timestamp(when: DateTime<Utc>) -> String {
    when.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn create(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let mut fields = Fields::read(call.header("content-type"), &call.body)?;
    let local = world.options.local_redirects;
    let not_ours = || Refusal::field("currency", "The currency is not that of the wallet.", "value_error");
    let amount = fields.amount("amount")?;
    fields.currency(not_ours)?;
    let new = NewSession {
        amount,
        success_url: fields.redirect("success_url", local)?,
        error_url: fields.redirect("error_url", local)?,
        client_reference: fields.text("client_reference")?,
        restrict_payer_mobile: fields.text("restrict_payer_mobile")?,
        life: TimeDelta::from_std(world.options.session_life).unwrap_or(TimeDelta::minutes(30)),
    };
    if new.restrict_payer_mobile.as_deref().is_some_and(|mobile| !is_e164(mobile)) {
        return Err(Refusal::field("restrict_payer_mobile", "Invalid phone number.", "value_error"));
    }
    if fields.text("aggregated_merchant_id")?.is_some() {
        let message = "This business is not an aggregator.";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "authorization-error", message));
    }
    fields.finish()?;
    let now = world.now();
    Ok(world.change(|book| Reply::json(&world.session_view(book.open_session(new, now), now))))
}

pub(super) fn get(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let now = world.now();
    world.read(|book| match book.session(&call.id) {
        Some(session) => Ok(Reply::json(&world.session_view(session, now))),
        None => Err(Refusal::not_found(UNKNOWN)),
    })
}

/// `?transaction_id=`: one session.
pub(super) fn by_transaction(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let Some(transaction) = call.query("transaction_id") else {
        return Err(Refusal::field("transaction_id", "field required", "value_error.missing"));
    };
    let now = world.now();
    let blind = call.suffers(&Fault::SearchBlind);
    world.read(|book| match book.session_of_transaction(transaction) {
        Some(session) if !blind => Ok(Reply::json(&world.session_view(session, now))),
        _ => Err(Refusal::not_found(UNKNOWN)),
    })
}

/// `?client_reference=`: every session made for it, newest first.
pub(super) fn search(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let Some(reference) = call.query("client_reference") else {
        return Err(Refusal::field("client_reference", "field required", "value_error.missing"));
    };
    let now = world.now();
    let mut found: Vec<Value> = world
        .read(|book| book.sessions_for(reference).map(|session| world.session_view(session, now)).collect());
    found.reverse();
    if call.suffers(&Fault::SearchBlind) {
        found.clear();
    }
    Ok(Reply::json(&json!({ "result": found })))
}

pub(super) fn expire(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let now = world.now();
    world.change(|book| book.close_session(&call.id, now)).map(|()| Reply::empty()).map_err(|refusal| {
        let conflict = |message| Refusal::new(StatusCode::CONFLICT, "request-validation-error", message);
        match refusal {
            PayRefusal::AlreadyPaid => conflict("The session is complete."),
            PayRefusal::Expired | PayRefusal::OtherPayer => conflict("The session has expired."),
            PayRefusal::Unknown => Refusal::not_found(UNKNOWN),
        }
    })
}

pub(super) fn refund(world: &Arc<World>, call: &Call) -> Result<Reply, Refusal> {
    let now = world.now();
    let outcome = if call.suffers(&Fault::ShortBalance) {
        Err(RefundRefusal::Short)
    } else {
        world.change(|book| book.refund_session(&call.id, now))
    };
    outcome.map(|()| Reply::empty()).map_err(|refusal| refund_refusal(refusal, UNKNOWN))
}

/// A refund that cannot be, for a session or a statement line.
pub(super) fn refund_refusal(refusal: RefundRefusal, unknown: &'static str) -> Refusal {
    let failed = |message| Refusal::new(StatusCode::BAD_REQUEST, "checkout-refund-failed", message);
    match refusal {
        RefundRefusal::Unknown => Refusal::not_found(unknown),
        RefundRefusal::NotPaid => failed("There is no successful payment to refund."),
        RefundRefusal::Short => failed("Insufficient funds in wallet."),
    }
}
