//! The signature Wave puts on its webhooks and asks of signed API calls.
//!
//! Kept apart because both directions share one formula and it is the easiest thing to get subtly wrong:
//! the lower-case hex of HMAC-SHA256 over the decimal timestamp followed **directly** by the raw body, with no
//! separator between them. A call without a body signs the timestamp alone.
//! It refuses to parse leniently: two timestamps, a signed number or a missing `v1` are all refused.

use aws_lc_rs::hmac;

/// How far in the past, in seconds, a timestamp may lie.
pub const PAST_SECONDS: i64 = 300;
/// How far in the future, in seconds, a timestamp may lie.
pub const FUTURE_SECONDS: i64 = 30;

/// Why a `Wave-Signature` header was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// The header is not `t=<digits>,v1=<hex>[,v1=<hex>…]`.
    #[error("the signature header is malformed")]
    Malformed,
    /// The timestamp is older than five minutes, or more than thirty seconds ahead.
    #[error("the signature timestamp is outside the accepted window")]
    OutsideWindow,
    /// No `v1` matches the secret.
    #[error("no signature matches")]
    Mismatch,
}

/// The `v1` value: 64 lower-case hex digits for this secret, Unix time in seconds and exact body.
pub fn sign(secret: &str, unix_seconds: i64, body: &[u8]) -> String {
    hex::encode(tag(secret, unix_seconds, body))
}

/// A whole `Wave-Signature` header, with one `v1` for each secret (several during a rotation).
pub fn header<'a>(secrets: impl IntoIterator<Item = &'a str>, unix_seconds: i64, body: &[u8]) -> String {
    let mut text = format!("t={unix_seconds}");
    for secret in secrets {
        text.push_str(",v1=");
        text.push_str(&sign(secret, unix_seconds, body));
    }
    text
}

/// Accepts the header when its timestamp lies within the window around `now` (Unix seconds) and any `v1` matches.
pub fn check(header: &str, secret: &str, body: &[u8], now: i64) -> Result<(), SignatureFault> {
    let mut timestamp = None;
    let mut candidates = Vec::new();
    for part in header.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or(SignatureFault::Malformed)?;
        match name {
            "t" if timestamp.is_none() => timestamp = Some(seconds(value)?),
            "t" => return Err(SignatureFault::Malformed),
            "v1" => candidates.push(value),
            // Later schemes may stand beside v1.
            _ => {}
        }
    }
    let timestamp = timestamp.ok_or(SignatureFault::Malformed)?;
    if candidates.is_empty() {
        return Err(SignatureFault::Malformed);
    }
    let age = now.checked_sub(timestamp).ok_or(SignatureFault::OutsideWindow)?;
    if !(-FUTURE_SECONDS..=PAST_SECONDS).contains(&age) {
        return Err(SignatureFault::OutsideWindow);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let message = message(timestamp, body);
    let matched =
        candidates.into_iter().filter_map(lower_hex).any(|tag| hmac::verify(&key, &message, &tag).is_ok());
    if matched { Ok(()) } else { Err(SignatureFault::Mismatch) }
}

fn seconds(text: &str) -> Result<i64, SignatureFault> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(SignatureFault::Malformed);
    }
    text.parse().map_err(|_| SignatureFault::Malformed)
}

fn lower_hex(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    hex::decode(text).ok()
}

fn tag(secret: &str, unix_seconds: i64, body: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::sign(&key, &message(unix_seconds, body)).as_ref().to_vec()
}

fn message(unix_seconds: i64, body: &[u8]) -> Vec<u8> {
    let mut message = unix_seconds.to_string().into_bytes();
    message.extend_from_slice(body);
    message
}
