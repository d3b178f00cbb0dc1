//! What Meta sends: first the handshake for the address ([`challenge`]), then deliveries, of which it is asked whether they
//! are Meta's ([`verify`]) and what they say ([`parse`]).
//!
//! The signature has no time in it and Meta repeats a delivery for days, so everything in one has an id under which it
//! counts once. One delivery may hold many things; one that cannot be read does not take the others with it, for Meta
//! would only send them all again.

mod content;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;
use wolo_domain::people::Phone;

use crate::messages::{Receipt, WebhookError};
use crate::private::Private;

/// Carries `sha256=` and the hex of HMAC-SHA256 over the raw body, under the app's secret.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// The largest delivery that Meta makes: 3 MiB.
pub const DELIVERY_LIMIT: usize = 3 * 1024 * 1024;

/// One thing that a delivery says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Receipt(Receipt),
    Inbound(Inbound),
    Preference(Preference),
    /// A template was approved, paused, rejected.
    TemplateChanged(TemplateChange),
    /// Anything else, by its kind: to be acknowledged and kept.
    Other(String),
}

/// What a person has sent to us. It opens the day in which free words reach them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The same in every delivery of the message.
    pub id: Private<String>,
    /// Absent where Meta names a person by a user id alone.
    pub from: Option<Phone>,
    pub at: DateTime<Utc>,
    pub said: Said,
    /// Which message of ours they answer, as in [`crate::messages::Handed`].
    pub answers: Option<Private<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Text(Private<String>),
    /// A template's button: what it was filled with, and what stands on it.
    Button {
        payload: String,
        text: Private<String>,
    },
    /// A button or a row of a list of ours.
    Reply {
        id: String,
        title: Private<String>,
    },
    /// They have another number now.
    NumberChanged(Option<Phone>),
    /// A picture, a voice, a place: by its kind.
    Other(String),
}

/// A person has told WhatsApp whether they want marketing from us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    pub of: Option<Phone>,
    pub wants_marketing: bool,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TemplateChange {
    #[serde(rename = "message_template_name")]
    pub name: String,
    #[serde(rename = "message_template_language")]
    pub language: String,
    /// As Meta says it: `APPROVED`, `PAUSED`, `FLAGGED` and others.
    pub event: String,
}

/// What to answer, as plain text, to the one who asks whether this address is ours; nothing, if they do not know one of our
/// tokens. `mode`, `token` and `challenge` are the query's `hub.mode`, `hub.verify_token` and `hub.challenge`.
pub fn challenge<'a>(
    mode: &str,
    token: &str,
    challenge: &'a str,
    tokens: &[SecretString],
) -> Option<&'a str> {
    let known = tokens
        .iter()
        .filter(|ours| !ours.expose_secret().is_empty())
        .any(|ours| verify_slices_are_equal(ours.expose_secret().as_bytes(), token.as_bytes()).is_ok());
    // What is said back must be nothing that a browser could take for a page.
    let plain =
        (1..=128).contains(&challenge.len()) && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (mode == "subscribe" && known && plain).then_some(challenge)
}

/// Checks that the header was made with one of the app's secrets over exactly these bytes; there are two of them while
/// one is replaced.
pub fn verify(raw: &[u8], header: &str, secrets: &[SecretString]) -> Result<(), WebhookError> {
    if secrets.is_empty() {
        return Err(WebhookError::NoSecret);
    }
    if raw.len() > DELIVERY_LIMIT {
        return Err(WebhookError::TooLarge);
    }
    let tag = header
        .strip_prefix("sha256=")
        .filter(|text| text.len() == 64)
        .and_then(|text| hex::decode(text).ok())
        .ok_or(WebhookError::Malformed)?;
    let genuine = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        hmac::verify(&key, raw, &tag).is_ok()
    });
    if genuine { Ok(()) } else { Err(WebhookError::Mismatch) }
}

#[derive(Deserialize)]
struct Delivery {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
    #[serde(default)]
    value: Value,
}

/// Reads a delivery after [`verify`] has accepted its bytes. Everything in it, in its order.
pub fn parse(raw: &[u8]) -> Result<Vec<Event>, WebhookError> {
    // serde's words would quote the body; the caller has the bytes.
    let delivery: Delivery = serde_json::from_slice(raw).map_err(|_| WebhookError::Unreadable)?;
    let changes = delivery.entry.into_iter().flat_map(|entry| entry.changes);
    Ok(changes.flat_map(|Change { field, value }| content::events(&field, &value)).collect())
}

#[cfg(test)]
mod tests;
