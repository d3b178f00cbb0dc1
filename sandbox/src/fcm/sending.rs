//! Taking pushes, and showing them where their receiver looks.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::{Book, Sent};
use super::errors::Refusal;
use super::orders::Order;
use super::{Firebase, Here, access};
use crate::emulator::{Provider as _, strict};
use crate::inbox::{Button, Channel, Message, State as Came};

/// How long devices that are too many, or make Firebase fail, ask to be left alone, in seconds.
const PAUSE: u32 = 1;

/// `POST /v1/projects/{project}/messages:send`
pub(super) async fn send(
    State(desk): Here,
    Path(project): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    access::admit(&desk, &headers)?;
    if project != desk.provider.options.project_id {
        let message = "Permission 'cloudmessaging.messages.create' denied on resource";
        return Err(Refusal::of_status(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message));
    }
    let Order { validate_only, message: asked } = strict::read(&headers, &body)?;
    let device = asked.device()?;
    asked.check()?;
    let named = |id: &str| Json(json!({ "name": format!("projects/{project}/messages/{id}") }));
    if validate_only {
        return Ok(named("fake_message_id"));
    }
    if desk.is_off() {
        return Err(Refusal::fcm(StatusCode::NOT_FOUND, "UNREGISTERED"));
    }
    let notification = asked.notification.as_ref();
    let id = Uuid::new_v4().simple().to_string();
    let answer = named(&id);
    let sent = Sent {
        name: answer.0["name"].as_str().unwrap_or_default().to_owned(),
        device: device.to_owned(),
        title: notification.and_then(|shown| shown.title.clone()),
        text: notification.and_then(|shown| shown.body.clone()),
        collapse_key: asked.collapse_key().map(ToOwned::to_owned),
        at: desk.clock.now(),
        message: json!(asked),
    };
    desk.change(|book| {
        admit(book, device)?;
        book.take(sent.clone());
        Ok::<_, Refusal>(())
    })?;
    // A push with the same collapse key arrives under the same key here: the device shows one.
    let key = sent.collapse_key.as_ref().map_or_else(|| sent.name.clone(), |key| format!("{device}/{key}"));
    let open = |url: &String| Button::Link { title: "Ouvrir".to_owned(), url: url.clone() };
    desk.inbox.deliver(Message {
        carrier: Some(Firebase::NAME),
        reference: sent.collapse_key.clone(),
        subject: sent.title.clone(),
        buttons: asked.data.get("link").map(open).into_iter().collect(),
        state: Came::Delivered,
        ..Message::new(Channel::Push, device, key, sent.text.unwrap_or_default())
    });
    Ok(answer)
}

/// What the name of a device asks for.
fn admit(book: &mut Book, device: &str) -> Result<(), Refusal> {
    if device.starts_with("dead-") {
        Err(Refusal::fcm(StatusCode::NOT_FOUND, "UNREGISTERED"))
    } else if device.starts_with("mismatch-") {
        Err(Refusal::fcm(StatusCode::FORBIDDEN, "SENDER_ID_MISMATCH"))
    } else if device.starts_with("quota-") && book.refuses_once(device) {
        Err(Refusal::quota().come_again_in(PAUSE))
    } else if device.starts_with("down-") && book.refuses_once(device) {
        Err(Refusal::broken(StatusCode::SERVICE_UNAVAILABLE).come_again_in(PAUSE))
    } else {
        Ok(())
    }
}
