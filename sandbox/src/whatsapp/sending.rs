//! Taking messages, and what becomes of each: sent, delivered, read, or failed.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::{Book, Sent, Status};
use super::errors::Refusal;
use super::orders::{Content, Order};
use super::templates::Category;
use super::{Here, Meta, WhatsAppDesk, access, telling};
use crate::emulator::{Provider as _, strict};
use crate::inbox::{Channel, Message, State as Came};

/// A body that says that we have read something is told by having a status.
#[derive(Deserialize)]
struct Peek {
    status: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HaveRead {
    messaging_product: String,
    status: String,
    #[serde(rename = "message_id")]
    _message_id: String,
}

/// `POST /{version}/{phone number id}/messages`
pub(super) async fn messages(
    State(desk): Here,
    Path((version, phone)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    access::check(&desk, &version, &headers)?;
    access::ours(&phone, &desk.provider.options.phone_number_id)?;
    if serde_json::from_slice::<Peek>(&body).is_ok_and(|peek| peek.status.is_some()) {
        let read: HaveRead = strict::read(&headers, &body)?;
        let sound = read.messaging_product == "whatsapp" && read.status == "read";
        let answer = Json(json!({ "success": true })).into_response();
        return if sound { Ok(answer) } else { Err(Refusal::new(100, "status must be read")) };
    }
    let order: Order = strict::read(&headers, &body)?;
    Ok(Json(send(&desk, &order)?).into_response())
}

fn send(desk: &Arc<WhatsAppDesk>, order: &Order) -> Result<Value, Refusal> {
    let content = order.content(desk)?;
    let to = phone(&order.to)?;
    if to.trim_start_matches('+') == desk.provider.options.display_phone_number {
        return Err(Refusal::new(131_021, "the number is the sender's own"));
    }
    let id = format!("wamid.{}", Uuid::new_v4().simple());
    let now = desk.clock.now();
    let message = Sent {
        id: id.clone(),
        to: to.clone(),
        kind: order.kind.clone(),
        reference: order.biz_opaque_callback_data.clone(),
        template: content.template.as_ref().map(|(name, _)| name.clone()),
        text: content.text.clone(),
        at: now,
        status: Status::Accepted,
        code: None,
    };
    let fate = desk.change(|book| {
        admit(book, desk, &to)?;
        let fate = fate(book, desk, &to, &content);
        book.take(message.clone());
        Ok::<_, Refusal>(fate)
    })?;
    let carried = Arc::clone(desk);
    desk.later(async move { carry(&carried, &message, content, fate).await });
    Ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": order.to, "wa_id": to.trim_start_matches('+') }],
        "messages": [{ "id": id, "message_status": "accepted" }],
    }))
}

/// E.164, whether it came with a `+` or without.
fn phone(to: &str) -> Result<String, Refusal> {
    let digits = to.strip_prefix('+').unwrap_or(to);
    let sound = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if sound { Ok(format!("+{digits}")) } else { Err(Refusal::bad("to is no phone number")) }
}

/// Whether another message may go at all: to the whole world, to this phone, and to a number that refuses once.
fn admit(book: &mut Book, desk: &WhatsAppDesk, to: &str) -> Result<(), Refusal> {
    let options = &desk.provider.options;
    let now = desk.clock.now();
    if !book.has_room(options.per_second, now) {
        return Err(Refusal::new(130_429, "Message failed to send because there were too many"));
    }
    let every = TimeDelta::from_std(options.pair_every).unwrap_or(TimeDelta::MAX);
    if !book.pair_has_room(to, every, options.pair_burst, now) {
        return Err(Refusal::new(131_056, "too many messages to the same recipient in a short time"));
    }
    let person = book.person(to);
    if to.ends_with("29") && !std::mem::replace(&mut person.was_throttled, true) {
        return Err(Refusal::new(130_429, "this number is refused once"));
    }
    Ok(())
}

/// Why it will fail although it was taken, if it will. Meta says these in a status, and not in its answer.
fn fate(book: &Book, desk: &WhatsAppDesk, to: &str, content: &Content) -> Option<Refusal> {
    let is_marketing =
        content.template.as_ref().is_some_and(|(_, category)| *category == Category::Marketing);
    let outside = content.template.is_none() && !book.window_is_open(to, desk.clock.now());
    let refused = |code, details: &str| Some(Refusal::new(code, details));
    if desk.is_off() || to.ends_with("26") {
        refused(131_026, "Unable to deliver message. The recipient may not be on WhatsApp.")
    } else if to.ends_with("47") && content.template.is_none() || outside {
        refused(131_047, "more than 24 hours have passed since the customer last replied to this number")
    } else if to.ends_with("50") || is_marketing && book.stopped_marketing(to) {
        refused(131_050, "the recipient has stopped marketing messages")
    } else {
        None
    }
}

/// Takes a message to its end, and tells of every step.
async fn carry(desk: &Arc<WhatsAppDesk>, message: &Sent, content: Content, fate: Option<Refusal>) {
    let pace = desk.provider.options.pace;
    let step = |status: Status, refusal: Option<&Refusal>| {
        desk.change(|book| book.mark(&message.id, status, refusal.map(Refusal::code)));
        telling::status(desk, message, status, refusal);
    };
    let arrived = |state| Message {
        carrier: Some(Meta::NAME),
        reference: message.reference.clone(),
        template: message.template.clone(),
        buttons: content.buttons.clone(),
        state,
        ..Message::new(Channel::WhatsApp, &message.to, &message.id, &message.text)
    };
    tokio::time::sleep(pace).await;
    if fate.is_some() {
        desk.inbox.deliver(arrived(Came::Failed));
        return step(Status::Failed, fate.as_ref());
    }
    step(Status::Sent, None);
    tokio::time::sleep(pace).await;
    desk.inbox.deliver(arrived(Came::Delivered));
    step(Status::Delivered, None);
    if desk.provider.options.people_read {
        tokio::time::sleep(pace).await;
        desk.inbox.mark(Channel::WhatsApp, &message.id, Came::Read);
        step(Status::Read, None);
    }
}
