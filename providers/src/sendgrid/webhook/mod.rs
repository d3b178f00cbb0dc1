//! SendGrid's events: first whether a delivery is SendGrid's ([`verify`]), then what it says ([`parse`]).
//!
//! A delivery is a list of events about many mails, in any order, some of them for the second time; each has an id under
//! which it counts once. One that cannot be read does not take the others with it.

mod content;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use wolo_domain::contacts::Email;

use crate::messages::{Receipt, WebhookError};

/// Base64 of an ECDSA signature in DER, over the other header and the raw body.
pub const SIGNATURE_HEADER: &str = "X-Twilio-Email-Event-Webhook-Signature";
/// Seconds, as they were signed.
pub const TIMESTAMP_HEADER: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

/// SendGrid closes a delivery at 768 KB.
pub const DELIVERY_LIMIT: usize = 1024 * 1024;

/// SendGrid comes again for a day, and does not say whether it signs anew; an event that comes twice counts once anyhow.
const OLDEST: TimeDelta = TimeDelta::minutes(24 * 60 + 10);
const AHEAD: TimeDelta = TimeDelta::minutes(10);
/// A signature in DER has 72 bytes at most.
const LONGEST_SIGNATURE: usize = 128;

/// What SendGrid's signatures are checked with, as its settings page shows it.
#[derive(Debug, Clone)]
pub struct PublicKey(ParsedPublicKey);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a public key of SendGrid's; it is Base64 of a P-256 key, `MFkw…`")]
pub struct InvalidPublicKey;

impl std::str::FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<Self, InvalidPublicKey> {
        let der = STANDARD.decode(text.trim()).map_err(|_| InvalidPublicKey)?;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).map(Self).map_err(|_| InvalidPublicKey)
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Receipt(Receipt),
    Wish(Wish),
    /// After the receipt that tells why.
    Gone(Gone),
    /// Anything else, by its name: to be acknowledged and kept.
    Other(String),
}

/// What a reader wants, said with a button of their mail program, with SendGrid's link, or by calling a mail spam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub of: Email,
    pub wants_mail: bool,
    /// The mail that made them say it, as we called it.
    pub reference: Option<String>,
    pub at: DateTime<Utc>,
    pub event_id: String,
}

/// Nobody is at an address, and nobody will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    pub of: Email,
    pub at: DateTime<Utc>,
    pub event_id: String,
}

/// Checks that the signature was made with one of the keys over exactly this time and these bytes; there are two keys while
/// one is replaced. The time is good for a day, for SendGrid comes again that long.
pub fn verify(
    raw: &[u8],
    signature: &str,
    timestamp: &str,
    keys: &[PublicKey],
    now: DateTime<Utc>,
) -> Result<(), WebhookError> {
    if keys.is_empty() {
        return Err(WebhookError::NoSecret);
    }
    if raw.len() > DELIVERY_LIMIT {
        return Err(WebhookError::TooLarge);
    }
    let plain = (1..=12).contains(&timestamp.len()) && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let signed_at = timestamp.parse().ok().filter(|_| plain);
    let signed_at =
        signed_at.and_then(|at| DateTime::from_timestamp(at, 0)).ok_or(WebhookError::Malformed)?;
    if signature.len() > LONGEST_SIGNATURE {
        return Err(WebhookError::Malformed);
    }
    let signature = STANDARD.decode(signature).map_err(|_| WebhookError::Malformed)?;
    let age = now.signed_duration_since(signed_at);
    if age > OLDEST {
        return Err(WebhookError::TooOld);
    }
    if age < -AHEAD {
        return Err(WebhookError::FromTheFuture);
    }
    let message = [timestamp.as_bytes(), raw].concat();
    let genuine = keys.iter().any(|PublicKey(key)| key.verify_sig(&message, &signature).is_ok());
    if genuine { Ok(()) } else { Err(WebhookError::Mismatch) }
}

/// Reads a delivery after [`verify`] has accepted its bytes. All events, in their order.
pub fn parse(raw: &[u8]) -> Result<Vec<Event>, WebhookError> {
    // serde's words would quote the body; the caller has the bytes.
    let events: Vec<Value> = serde_json::from_slice(raw).map_err(|_| WebhookError::Unreadable)?;
    Ok(events.iter().flat_map(content::events).collect())
}

#[cfg(test)]
mod tests;
