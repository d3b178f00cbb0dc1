//! What our API is told: what becomes of messages, what people write and press, what they want no more of, and how
//! templates stand.

use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::{Sent, Status};
use super::errors::Refusal;
use super::templates::{Category, Template};
use super::{Options, WhatsAppDesk};
use crate::inbox::{Channel, Message, Said};

/// The header of `X-Hub-Signature-256` for a body.
pub(super) fn signature(app_secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// What an address answers to a handshake, if it answers well.
pub(super) async fn challenge(desk: &WhatsAppDesk, url: &str, challenge: &str) -> Option<String> {
    let asked = [
        ("hub.mode", "subscribe"),
        ("hub.challenge", challenge),
        ("hub.verify_token", &desk.provider.options.verify_token),
    ];
    let answer = desk.client.get(url).query(&asked).send().await.ok()?;
    answer.error_for_status().ok()?.text().await.ok()
}

/// Meta escapes everything that is not ASCII before it signs.
pub(super) fn escaped(value: &Value) -> String {
    let mut text = String::new();
    for unit in value.to_string().chars() {
        if unit.is_ascii() {
            text.push(unit);
        } else {
            for half in unit.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{half:04x}");
            }
        }
    }
    text
}

/// A change as it stands in `entry[].changes[]`.
fn change(options: &Options, field: &str, mut value: Value) -> Value {
    if matches!(field, "messages" | "user_preferences") {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({
            "display_phone_number": options.display_phone_number,
            "phone_number_id": options.phone_number_id,
        });
    }
    json!({ "field": field, "value": value })
}

pub(super) fn status(desk: &Arc<WhatsAppDesk>, message: &Sent, status: Status, refusal: Option<&Refusal>) {
    let now = desk.clock.now();
    let recipient = message.to.trim_start_matches('+');
    let mut told = json!({
        "id": message.id,
        "status": status.word(),
        "timestamp": now.timestamp().to_string(),
        "recipient_id": recipient,
    });
    if let Some(reference) = &message.reference {
        told["biz_opaque_callback_data"] = json!(reference);
    }
    if let Some(refusal) = refusal {
        told["errors"] = json!([refusal.in_status()]);
    } else {
        let billable = message.template.is_some();
        let category = if billable { "utility" } else { "service" };
        told["pricing"] =
            json!({ "billable": billable, "pricing_model": "PMP", "category": category, "type": "regular" });
    }
    let value = json!({ "contacts": [{ "wa_id": recipient }], "statuses": [told] });
    desk.announce("statuses", change(&desk.provider.options, "messages", value));
}

/// A person writes or presses: the window opens, and our API is told.
pub(super) fn heard(desk: &Arc<WhatsAppDesk>, said: &Said) -> String {
    let id = format!("wamid.in.{}", Uuid::new_v4().simple());
    let now = desk.clock.now();
    let below = said.below.as_ref().and_then(|id| desk.read(|book| book.message(id).cloned()));
    desk.change(|book| book.hear(&said.from, now));
    let from = said.from.trim_start_matches('+');
    let mut message = json!({ "from": from, "id": id, "timestamp": now.timestamp().to_string() });
    match (&said.payload, &below) {
        (Some(payload), Some(below)) if below.template.is_some() => {
            message["type"] = json!("button");
            message["button"] = json!({ "payload": payload, "text": said.text });
        }
        (Some(payload), Some(_)) => {
            message["type"] = json!("interactive");
            let reply = json!({ "id": payload, "title": said.text });
            message["interactive"] = json!({ "type": "button_reply", "button_reply": reply });
        }
        _ => {
            message["type"] = json!("text");
            message["text"] = json!({ "body": said.text });
        }
    }
    if let Some(below) = &below {
        message["context"] = json!({ "from": desk.provider.options.display_phone_number, "id": below.id });
    }
    let written = Message { own: true, ..Message::new(Channel::WhatsApp, &said.from, &id, &said.text) };
    desk.inbox.deliver(written);
    let value =
        json!({ "contacts": [{ "profile": { "name": "Sandbox" }, "wa_id": from }], "messages": [message] });
    desk.announce("messages", change(&desk.provider.options, "messages", value));
    id
}

/// A person wants no more marketing, or wants it again.
pub(super) fn preference(desk: &Arc<WhatsAppDesk>, phone: &str, stop: bool) {
    desk.change(|book| book.person(phone).stopped_marketing = stop);
    let wa_id = phone.trim_start_matches('+');
    let (value, detail) = if stop {
        ("stop", "User requested to stop marketing messages")
    } else {
        ("resume", "User requested to resume marketing messages")
    };
    let preference = json!({
        "wa_id": wa_id,
        "detail": detail,
        "category": "marketing_messages",
        "value": value,
        "timestamp": desk.clock.now().timestamp(),
    });
    let value = json!({ "contacts": [{ "wa_id": wa_id }], "user_preferences": [preference] });
    desk.announce("user_preferences", change(&desk.provider.options, "user_preferences", value));
}

pub(super) fn standing(desk: &Arc<WhatsAppDesk>, template: &Template) {
    let value = json!({
        "event": template.standing,
        "message_template_id": template.id,
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": match template.category {
            Category::Utility => "UTILITY",
            Category::Marketing => "MARKETING",
            Category::Authentication => "AUTHENTICATION",
        },
        "reason": "NONE",
    });
    let field = "message_template_status_update";
    desk.announce(field, change(&desk.provider.options, field, value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_signature_is_made() {
        let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
        let known = "sha256=8dbb95c7671742833b9d0a468c62ef584565543408563d4f57867636e493a982";
        assert_eq!(signature("wolo_app_secret", body), known);
    }

    #[test]
    fn what_is_not_ascii_is_escaped_as_it_was_in_json() {
        let value = json!({ "text": "fête 🎉" });
        let escaped = escaped(&value);
        assert!(escaped.is_ascii() && escaped.contains("f\\u00eate \\ud83c\\udf89"), "{escaped}");
        assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap(), value);
    }
}
