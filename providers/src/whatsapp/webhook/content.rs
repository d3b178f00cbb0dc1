//! Reading what stands in one change of a delivery.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use wolo_domain::people::Phone;

use super::{Event, Inbound, Preference, Said};
use crate::messages::{Fate, Receipt, Refusal, Remedy};
use crate::private::Private;
use crate::whatsapp::codes::remedy;

#[derive(Deserialize)]
struct Status {
    id: String,
    #[serde(rename = "status")]
    word: String,
    #[serde(deserialize_with = "unix")]
    timestamp: DateTime<Utc>,
    #[serde(default, rename = "biz_opaque_callback_data")]
    reference: Option<String>,
    #[serde(default)]
    errors: Vec<StatusError>,
}

#[derive(Deserialize)]
struct StatusError {
    code: i64,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    #[serde(default)]
    from: Option<String>,
    #[serde(deserialize_with = "unix")]
    timestamp: DateTime<Utc>,
    #[serde(default)]
    context: Option<Context>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<Text>,
    #[serde(default)]
    button: Option<Button>,
    #[serde(default)]
    interactive: Option<Interactive>,
    #[serde(default)]
    system: Option<System>,
}

#[derive(Deserialize)]
struct Context {
    #[serde(default)]
    id: Option<Private<String>>,
}

#[derive(Deserialize)]
struct Text {
    body: Private<String>,
}

#[derive(Deserialize)]
struct Button {
    payload: String,
    text: Private<String>,
}

#[derive(Deserialize)]
struct Interactive {
    #[serde(default, alias = "list_reply")]
    button_reply: Option<Pressed>,
}

#[derive(Deserialize)]
struct Pressed {
    id: String,
    title: Private<String>,
}

#[derive(Deserialize)]
struct System {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    wa_id: Option<String>,
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    wa_id: Option<String>,
    category: String,
    value: String,
    #[serde(deserialize_with = "unix")]
    timestamp: DateTime<Utc>,
}

pub(super) fn events(field: &str, value: &Value) -> Vec<Event> {
    match field {
        "messages" => {
            let statuses = items(value, "statuses").map(|item| read(item, "status", receipt));
            let messages = items(value, "messages").map(|item| read(item, "message", inbound));
            statuses.chain(messages).collect()
        }
        "user_preferences" => {
            items(value, "user_preferences").map(|item| read(item, "preference", preference)).collect()
        }
        "message_template_status_update" => vec![read(value, "template", Event::TemplateChanged)],
        other => vec![Event::Other(other.to_owned())],
    }
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// One thing; what cannot be read, or is not known, is named for what it should have been.
fn read<'a, T: Deserialize<'a>>(item: &'a Value, what: &str, make: impl FnOnce(T) -> Event) -> Event {
    T::deserialize(item).map_or_else(|_| other(what, "unreadable"), make)
}

fn other(what: &str, kind: &str) -> Event {
    Event::Other(format!("{what}:{kind}"))
}

fn receipt(status: Status) -> Event {
    let Status { id, word, timestamp, reference, errors } = status;
    let fate = match word.as_str() {
        "sent" => Fate::Sent,
        "delivered" => Fate::Delivered,
        // A voice message is played.
        "read" | "played" => Fate::Read,
        "failed" => Fate::Failed(match errors.first() {
            Some(StatusError { code }) => {
                let code = code.to_string();
                Refusal { remedy: remedy(&code), code }
            }
            None => Refusal { code: "unspecified".to_owned(), remedy: Remedy::Ours },
        }),
        _ => return other("status", &word),
    };
    let event_id = format!("{id}.{word}");
    Event::Receipt(Receipt { provider_id: Some(id), reference, fate, at: timestamp, event_id })
}

fn inbound(message: Message) -> Event {
    let Message { id, from, timestamp, context, kind, text, button, interactive, system } = message;
    let said = match (kind.as_str(), text, button, interactive, system) {
        ("text", Some(Text { body }), ..) => Said::Text(body),
        ("button", _, Some(Button { payload, text }), ..) => Said::Button { payload, text },
        ("interactive", _, _, Some(Interactive { button_reply: Some(Pressed { id, title }) }), _) => {
            Said::Reply { id, title }
        }
        ("system", _, _, _, Some(System { kind, wa_id })) if kind == "user_changed_number" => {
            Said::NumberChanged(wa_id.as_deref().and_then(phone))
        }
        _ => Said::Other(kind),
    };
    Event::Inbound(Inbound {
        id: Private::new(id),
        from: from.as_deref().and_then(phone),
        at: timestamp,
        said,
        answers: context.and_then(|context| context.id),
    })
}

fn preference(wish: Wish) -> Event {
    let Wish { wa_id, category, value, timestamp } = wish;
    let wants_marketing = match (category.as_str(), value.as_str()) {
        ("marketing_messages", "stop") => false,
        ("marketing_messages", "resume") => true,
        _ => return other("preference", &format!("{category}:{value}")),
    };
    let of = wa_id.as_deref().and_then(phone);
    Event::Preference(Preference { of, wants_marketing, at: timestamp })
}

/// Meta writes numbers without their `+`.
fn phone(digits: &str) -> Option<Phone> {
    format!("+{}", digits.strip_prefix('+').unwrap_or(digits)).parse().ok()
}

/// Seconds, as digits in a text or as a number.
fn unix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Number(i64),
        Text(String),
    }
    let seconds = match Seconds::deserialize(deserializer)? {
        Seconds::Number(seconds) => Some(seconds),
        Seconds::Text(text) => text.parse().ok(),
    };
    seconds
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| serde::de::Error::custom("not a time"))
}
