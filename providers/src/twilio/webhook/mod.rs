//! What Twilio sends us: receipts, and what people answer. First whether it is Twilio's ([`verify`]), then what it says
//! ([`parse`]).
//!
//! Twilio signs the address that it called and the fields of the form, in its own order; there is no time in it, so what
//! it says may be shown again by whoever has seen it, and counts once by its id. It also signs bodies that are JSON, by a
//! hash in the address; it sends us none, and none is taken.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};
use wolo_domain::people::Phone;

use super::{REFERENCE, is_sid, remedy};
use crate::messages::{Fate, Receipt, Refusal, WebhookError};
use crate::private::Private;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Twilio-Signature";

/// A text of 1600 characters, escaped, and the fields round it.
const LARGEST: usize = 32 * 1024;
const LONGEST_HEADER: usize = 128;

/// Checks that the signature was made with one of our tokens, over the address as Twilio called it (scheme, host, path
/// and query, as configured there) and over these bytes. Twilio is not sure whether the port belongs to the address, so
/// both ways are tried. The comparison takes the same time wherever the difference is.
pub fn verify(raw: &[u8], url: &Url, header: &str, auth_tokens: &[SecretString]) -> Result<(), WebhookError> {
    let mut keys =
        auth_tokens.iter().map(ExposeSecret::expose_secret).filter(|token| !token.is_empty()).peekable();
    if keys.peek().is_none() {
        return Err(WebhookError::NoSecret);
    }
    if raw.len() > LARGEST {
        return Err(WebhookError::TooLarge);
    }
    let tag = Some(header)
        .filter(|header| header.len() <= LONGEST_HEADER)
        .and_then(|header| STANDARD.decode(header).ok())
        .ok_or(WebhookError::Malformed)?;
    let fields = signed_fields(raw);
    let addresses = with_and_without_port(url);
    let is_genuine = |token: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
        addresses
            .iter()
            .any(|address| hmac::verify(&key, format!("{address}{fields}").as_bytes(), &tag).is_ok())
    };
    if keys.any(is_genuine) { Ok(()) } else { Err(WebhookError::Mismatch) }
}

/// Names in order, each followed by its value; of several values under one name, each that is another, in order.
fn signed_fields(raw: &[u8]) -> String {
    let mut fields: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(raw) {
        fields.entry(name).or_default().insert(value);
    }
    let mut signed = String::new();
    for (name, values) in &fields {
        for value in values {
            signed.push_str(name);
            signed.push_str(value);
        }
    }
    signed
}

fn with_and_without_port(url: &Url) -> [String; 2] {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    let rest = &url[url::Position::BeforePath..];
    ["", port.as_str()].map(|port| format!("{}://{host}{port}{rest}", url.scheme()))
}

/// What Twilio tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Receipt(Receipt),
    Answer(Answer),
}

/// What somebody wrote to our number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The same in every delivery of it.
    pub event_id: String,
    pub from: Phone,
    pub text: Private<String>,
    /// Set where Twilio has understood it as a wish, and acts on it itself.
    pub wish: Option<Wish>,
}

/// What Twilio does about messages to somebody from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// It refuses them (21610).
    Stop,
    /// It carries them again.
    Start,
}

/// What a form says, after [`verify`] has accepted its bytes; nothing where it speaks of what changes nothing. Twilio does
/// not say when it happened, so it counts from when it came.
pub fn parse(raw: &[u8], url: &Url, now: DateTime<Utc>) -> Result<Option<Event>, WebhookError> {
    let fields: BTreeMap<_, _> = form_urlencoded::parse(raw).collect();
    let field = |name: &str| fields.get(name).map(AsRef::as_ref);
    let sid = field("MessageSid").filter(|sid| is_message_sid(sid)).ok_or(WebhookError::Unreadable)?;
    let status = field("MessageStatus").or(field("SmsStatus")).ok_or(WebhookError::Unreadable)?;
    let fate = match status {
        "received" => {
            let answer = Answer {
                event_id: sid.to_owned(),
                from: field("From").and_then(|from| from.parse().ok()).ok_or(WebhookError::Unreadable)?,
                text: field("Body").unwrap_or_default().into(),
                wish: match field("OptOutType") {
                    Some("STOP") => Some(Wish::Stop),
                    Some("START") => Some(Wish::Start),
                    _ => None,
                },
            };
            return Ok(Some(Event::Answer(answer)));
        }
        "sent" => Fate::Sent,
        "delivered" => Fate::Delivered,
        "read" => Fate::Read,
        "failed" | "undelivered" | "canceled" => Fate::Failed(failure(status, field("ErrorCode"))),
        // Still with Twilio (accepted, scheduled, queued, sending), or a word that we do not know.
        _ => return Ok(None),
    };
    let reference =
        url.query_pairs().find(|(name, _)| name == REFERENCE).map(|(_, value)| value.into_owned());
    Ok(Some(Event::Receipt(Receipt {
        provider_id: Some(sid.to_owned()),
        reference,
        fate,
        at: now,
        event_id: format!("{sid}.{status}"),
    })))
}

fn failure(status: &str, code: Option<&str>) -> Refusal {
    // Numbers only: the field could hold anything.
    let code = code.and_then(|code| code.parse::<u32>().ok()).filter(|code| *code > 0);
    match code.map(|code| code.to_string()) {
        Some(code) => Refusal { remedy: remedy(&code), code },
        None => Refusal { remedy: remedy(status), code: status.to_owned() },
    }
}

/// Whether a text can be Twilio's name for a message.
pub(super) fn is_message_sid(text: &str) -> bool {
    is_sid(text, "SM") || is_sid(text, "MM")
}

#[cfg(test)]
mod tests;
