//! Reading one event.

use chrono::serde::ts_seconds;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use wolo_domain::contacts::Email;

use super::{Event, Gone, Wish};
use crate::messages::{Fate, Receipt, Refusal, Remedy};

#[derive(Deserialize)]
struct Told {
    #[serde(rename = "event")]
    word: String,
    email: String,
    #[serde(with = "ts_seconds")]
    timestamp: DateTime<Utc>,
    sg_event_id: String,
    /// Absent where another server gave a mail back long after it had taken it.
    #[serde(default)]
    sg_message_id: Option<String>,
    /// Ours, from `custom_args`.
    #[serde(default)]
    notification_id: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

/// Of what a mail was dropped for, by its first words.
const DROPPED: [(&str, &str, Remedy); 6] = [
    ("bounced address", "dropped.bounced", Remedy::AddressGone),
    ("unsubscribed address", "dropped.unsubscribed", Remedy::OptedOut),
    ("spam reporting address", "dropped.spam-reported", Remedy::OptedOut),
    // Before the next: that one is about the address, this one about our request.
    ("invalid smtpapi", "dropped.invalid-request", Remedy::Ours),
    ("invalid", "dropped.invalid", Remedy::AddressGone),
    ("blocked address", "dropped.blocked", Remedy::OtherChannel),
];

/// What one event says; of a mail that came back for good, also whose it was.
pub(super) fn events(value: &Value) -> Vec<Event> {
    let Ok(told) = Told::deserialize(value) else {
        return vec![Event::Other("unreadable".to_owned())];
    };
    let of = told.email.parse::<Email>();
    let event = event(told);
    let gone = match (&event, of) {
        (
            Event::Receipt(Receipt {
                fate: Fate::Failed(Refusal { remedy: Remedy::AddressGone, .. }),
                at,
                event_id,
                ..
            }),
            Ok(of),
        ) => Some(Event::Gone(Gone { of, at: *at, event_id: event_id.clone() })),
        _ => None,
    };
    [Some(event), gone].into_iter().flatten().collect()
}

fn event(told: Told) -> Event {
    match told.word.as_str() {
        "processed" => receipt(told, Fate::Sent),
        "delivered" => receipt(told, Fate::Delivered),
        "open" | "click" => receipt(told, Fate::Read),
        "bounce" => {
            let refusal = bounced(told.kind.as_deref(), told.status.as_deref());
            receipt(told, Fate::Failed(refusal))
        }
        "dropped" => {
            let refusal = dropped(told.reason.as_deref().unwrap_or_default());
            receipt(told, Fate::Failed(refusal))
        }
        "spamreport" | "unsubscribe" | "group_unsubscribe" => wish(told, false),
        "group_resubscribe" => wish(told, true),
        // Deferred ones are still on their way.
        _ => Event::Other(told.word),
    }
}

fn receipt(told: Told, fate: Fate) -> Event {
    let Told { sg_message_id, notification_id, timestamp, sg_event_id, .. } = told;
    Event::Receipt(Receipt {
        provider_id: sg_message_id.as_deref().map(handed),
        reference: notification_id,
        fate,
        at: timestamp,
        event_id: sg_event_id,
    })
}

fn wish(told: Told, wants_mail: bool) -> Event {
    let Told { word, email, notification_id, timestamp, sg_event_id, .. } = told;
    match email.parse::<Email>() {
        Ok(of) => Event::Wish(Wish {
            of,
            wants_mail,
            reference: notification_id,
            at: timestamp,
            event_id: sg_event_id,
        }),
        Err(_) => Event::Other(format!("{word}:unreadable")),
    }
}

/// An event's name for a mail is the one that we were given, and then where in SendGrid it was: `….filter0001.1.0`.
fn handed(sg_message_id: &str) -> String {
    let place = [".filter", ".recv"].iter().filter_map(|mark| sg_message_id.find(mark)).min();
    let end = place.or_else(|| sg_message_id.find('.')).unwrap_or(sg_message_id.len());
    sg_message_id.get(..end).unwrap_or(sg_message_id).to_owned()
}

/// `blocked`: the other server does not want it now, or from us. Anything else is for good.
fn bounced(kind: Option<&str>, status: Option<&str>) -> Refusal {
    let (word, remedy) = match kind {
        Some("blocked") => ("blocked", Remedy::OtherChannel),
        _ => ("bounce", Remedy::AddressGone),
    };
    let is_status = |text: &&str| {
        (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    let code = match status.filter(is_status) {
        Some(status) => format!("{word}.{status}"),
        None => word.to_owned(),
    };
    Refusal { code, remedy }
}

fn dropped(reason: &str) -> Refusal {
    let reason = reason.to_ascii_lowercase();
    let known = DROPPED.iter().find(|(words, ..)| reason.starts_with(words));
    let (code, remedy) = known.map_or(("dropped", Remedy::Ours), |(_, code, remedy)| (code, *remedy));
    Refusal { code: code.to_owned(), remedy }
}
