//! Taking messages, and what becomes of each: sent, delivered, or not.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use wolo_domain::notices::sms;

use super::book::{Sent, Status};
use super::errors::Refusal;
use super::{Carrier, Here, TwilioDesk, telling};
use crate::emulator::Provider as _;
use crate::emulator::forms::{self, Form};
use crate::inbox::{Channel, Message, State as Came};

/// Of the many fields that Twilio knows, those that a text by SMS can need.
const FIELDS: [&str; 6] = ["To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod"];

/// The longest text, in characters.
const LONGEST: usize = 1600;

/// `POST /2010-04-01/Accounts/{account}/Messages.json`
pub(super) async fn send(
    State(desk): Here,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let options = &desk.provider.options;
    if account != options.account_sid || !forms::is_let_in(&headers, &account, &options.auth_token) {
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, 20_003, "Authenticate"));
    }
    let form = forms::read(&headers, &body, &FIELDS)
        .map_err(|flaw| Refusal::bad(20_001, format!("{}: {}", flaw.place, flaw.words)))?;
    let message = message(&desk, form)?;
    desk.change(|book| {
        if message.to.ends_with("73") || book.has_stopped(&message.to) {
            return Err(Refusal::bad(21_610, "Attempt to send to unsubscribed recipient"));
        }
        book.take(message.clone());
        Ok(())
    })?;
    let answer = answer(&desk, &message);
    let carried = Arc::clone(&desk);
    desk.later(async move { carry(&carried, &message).await });
    Ok((StatusCode::CREATED, Json(answer)))
}

fn message(desk: &TwilioDesk, form: Form) -> Result<Sent, Refusal> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
    let to = field("To").ok_or_else(|| Refusal::bad(21_604, "A 'To' phone number is required."))?;
    let digits = to.strip_prefix('+').unwrap_or_default();
    let is_phone = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_phone || to.ends_with("71") {
        return Err(Refusal::bad(21_211, format!("Invalid 'To' Phone Number: {to}")));
    }
    let from = sender(desk, field("From"), field("MessagingServiceSid"))?;
    let text = field("Body").ok_or_else(|| Refusal::bad(21_602, "Message body is required."))?;
    if text.chars().count() > LONGEST {
        return Err(Refusal::bad(21_617, "The concatenated message body exceeds the 1600 character limit."));
    }
    let callback = field("StatusCallback");
    if callback.is_some_and(|url| !Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")))
    {
        return Err(Refusal::bad(21_609, "The 'StatusCallback' URL is not a valid URL."));
    }
    let lives = field("ValidityPeriod").map(|seconds| seconds.parse::<u32>());
    if lives.is_some_and(|seconds| !seconds.is_ok_and(|seconds| (1..=36_000).contains(&seconds))) {
        return Err(Refusal::bad(20_001, "ValidityPeriod: 1 to 36000"));
    }
    Ok(Sent {
        sid: format!("SM{}", Uuid::new_v4().simple()),
        to: to.clone(),
        from,
        text: text.clone(),
        callback: callback.cloned(),
        at: desk.clock.now(),
        status: Status::Queued,
        code: None,
        form: form.into_iter().collect(),
    })
}

fn sender(desk: &TwilioDesk, from: Option<&String>, service: Option<&String>) -> Result<String, Refusal> {
    let options = &desk.provider.options;
    match (from, service) {
        (None, None) => Err(Refusal::bad(21_603, "A 'From' phone number is required.")),
        (_, Some(service)) if *service != options.service_sid => {
            Err(Refusal::bad(21_701, "The Messaging Service does not exist"))
        }
        (Some(from), _) if !options.senders.contains(from) => {
            Err(Refusal::bad(21_606, format!("The 'From' phone number {from} is not a valid sender")))
        }
        (Some(from), _) => Ok(from.clone()),
        (None, Some(service)) => Ok(service.clone()),
    }
}

fn answer(desk: &TwilioDesk, message: &Sent) -> Value {
    let options = &desk.provider.options;
    let uri = format!("/2010-04-01/Accounts/{}/Messages/{}", options.account_sid, message.sid);
    let by_service = message.from == options.service_sid;
    let date = message.at.to_rfc2822();
    json!({
        "account_sid": options.account_sid,
        "api_version": "2010-04-01",
        "body": message.text,
        "date_created": date,
        "date_sent": null,
        "date_updated": date,
        "direction": "outbound-api",
        "error_code": null,
        "error_message": null,
        "from": if by_service { Value::Null } else { json!(message.from) },
        "messaging_service_sid": if by_service { json!(message.from) } else { Value::Null },
        "num_media": "0",
        "num_segments": sms::size(&message.text).parts.to_string(),
        "price": null,
        "price_unit": null,
        "sid": message.sid,
        "status": if by_service { "accepted" } else { Status::Queued.word() },
        "subresource_uris": { "media": format!("{uri}/Media.json") },
        "to": message.to,
        "uri": format!("{uri}.json"),
    })
}

/// Takes a message to its end, and tells of every step.
async fn carry(desk: &Arc<TwilioDesk>, message: &Sent) {
    let pace = desk.provider.options.pace;
    let step = |status, code| {
        desk.change(|book| book.mark(&message.sid, status, code));
        telling::receipt(desk, message, status, code);
    };
    tokio::time::sleep(pace).await;
    step(Status::Sent, None);
    tokio::time::sleep(pace).await;
    let failure = match message.to.as_str() {
        to if to.ends_with("75") => Some(30_005),
        to if to.ends_with("74") || desk.is_off() => Some(30_003),
        _ => None,
    };
    desk.inbox.deliver(Message {
        carrier: Some(Carrier::NAME),
        state: if failure.is_some() { Came::Failed } else { Came::Delivered },
        ..Message::new(Channel::Sms, &message.to, &message.sid, &message.text)
    });
    step(if failure.is_some() { Status::Undelivered } else { Status::Delivered }, failure);
}
