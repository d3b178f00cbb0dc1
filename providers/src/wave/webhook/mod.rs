//! Wave's webhooks: first whether a delivery is Wave's ([`verify`]), then what it says ([`parse`]).
//!
//! Verification works on the raw bytes of the body. It is the caller who must take them before any extractor does, and
//! who must refuse a request that carries the signature header more than once. An event is a reason to look, and its id
//! is the key under which it counts once: Wave loses, repeats and reorders events.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use wolo_domain::money::Xof;

use crate::wave::checkouts::PaymentFailure;
use crate::wave::{CheckoutStatus, PaymentStatus};
use crate::wave::{Currency, amount, signature};

pub use crate::wave::signature::SIGNATURE_HEADER;

/// A delivery older than this is a replay: five minutes.
pub const OLDEST_SECONDS: i128 = 300;
/// How far Wave's clock may run ahead of ours.
pub const FUTURE_SECONDS: i128 = 30;

/// During a rotation a header carries two signatures. Many more are an attempt to make us work.
const MOST_SIGNATURES: usize = 8;
const LONGEST_HEADER: usize = 1024;

/// Why a delivery is not accepted. What to tell the sender is the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("no webhook secret is configured")]
    NoSecret,
    #[error("the signature header cannot be read")]
    Malformed,
    #[error("the signature is older than five minutes")]
    TooOld,
    #[error("the signature is from the future")]
    FromTheFuture,
    #[error("no signature matches")]
    Mismatch,
}

/// Checks that one of the header's signatures was made with one of our secrets, over exactly these bytes, within the
/// window around `now`. The comparison takes the same time wherever the difference is.
pub fn verify(
    raw: &[u8],
    header: &str,
    secrets: &[SecretString],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let Header { timestamp, signatures } = Header::read(header).ok_or(SignatureError::Malformed)?;

    // In i128 nothing that a header can say overflows.
    let signed_at: i128 = timestamp.parse().map_err(|_| SignatureError::Malformed)?;
    let age = i128::from(now.timestamp()) - signed_at;
    if age > OLDEST_SECONDS {
        return Err(SignatureError::TooOld);
    }
    if age < -FUTURE_SECONDS {
        return Err(SignatureError::FromTheFuture);
    }

    let message = signature::message(timestamp, raw);
    let keys: Vec<hmac::Key> = secrets.iter().map(signature::key).collect();
    let genuine =
        keys.iter().any(|key| signatures.iter().any(|tag| hmac::verify(key, &message, tag).is_ok()));
    if genuine { Ok(()) } else { Err(SignatureError::Mismatch) }
}

struct Header<'a> {
    /// The digits as they stand: they are part of what was signed.
    timestamp: &'a str,
    signatures: Vec<Vec<u8>>,
}

impl<'a> Header<'a> {
    /// `t=<digits>,v1=<64 hex digits>[,v1=…]`. Parts with another name are for other schemes and are passed over.
    fn read(header: &'a str) -> Option<Self> {
        if header.len() > LONGEST_HEADER {
            return None;
        }
        let mut timestamp = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=')? {
                ("t", digits) => {
                    let plain =
                        (1..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
                    if !plain || timestamp.replace(digits).is_some() {
                        return None;
                    }
                }
                ("v1", text) => {
                    let tag = hex::decode(text).ok().filter(|tag| tag.len() == 32)?;
                    signatures.push(tag);
                }
                _ => {}
            }
        }
        let usable = (1..=MOST_SIGNATURES).contains(&signatures.len());
        if usable { Some(Self { timestamp: timestamp?, signatures }) } else { None }
    }
}

/// One event of Wave's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `EV_…` or `AE_…`, at most 255 characters; the same in every delivery of the event.
    pub id: String,
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// `checkout.session.completed`: the giver has paid.
    CheckoutCompleted { session: SessionNotice },
    /// `checkout.session.payment_failed`: one attempt failed. Not an end: the giver may try again until expiry.
    PaymentFailed { session: SessionNotice },
    /// Any other type, by its name: to be acknowledged and kept.
    Other(String),
}

/// What an event says about a session. It has fewer certain fields than [`crate::wave::CheckoutSession`], so it is read more
/// tolerantly.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SessionNotice {
    /// `cos-…`
    pub id: String,
    #[serde(with = "amount")]
    pub amount: Xof,
    pub currency: Currency,
    pub checkout_status: CheckoutStatus,
    pub payment_status: PaymentStatus,
    #[serde(default)]
    pub client_reference: Option<String>,
    #[serde(default)]
    pub transaction_id: Option<String>,
    #[serde(default)]
    pub when_completed: Option<DateTime<Utc>>,
    #[serde(default)]
    pub last_payment_error: Option<PaymentFailure>,
}

impl SessionNotice {
    /// Paid means both: the session complete and the payment succeeded. The event's type alone proves nothing.
    pub fn is_paid(&self) -> bool {
        self.checkout_status == CheckoutStatus::Complete && self.payment_status == PaymentStatus::Succeeded
    }
}

/// A genuine delivery that cannot be read. Keep the raw bytes; answering with success would lose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error("the event is not an envelope of id, type and data")]
    Envelope,
    #[error("the event's session cannot be read")]
    Session,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    name: String,
    #[serde(default)]
    data: Value,
}

/// Reads an event after [`verify`] has accepted its bytes. Unknown types and unknown fields are fine.
pub fn parse(raw: &[u8]) -> Result<Event, EventError> {
    // serde's words would quote the body; the caller has the bytes.
    let envelope: Envelope = serde_json::from_slice(raw).map_err(|_| EventError::Envelope)?;
    if envelope.id.is_empty() || envelope.id.len() > 255 {
        return Err(EventError::Envelope);
    }
    let session = || SessionNotice::deserialize(&envelope.data).map_err(|_| EventError::Session);
    let kind = match envelope.name.as_str() {
        "checkout.session.completed" => EventKind::CheckoutCompleted { session: session()? },
        "checkout.session.payment_failed" => EventKind::PaymentFailed { session: session()? },
        _ => EventKind::Other(envelope.name),
    };
    Ok(Event { id: envelope.id, kind })
}

#[cfg(test)]
mod tests;
