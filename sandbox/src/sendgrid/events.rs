//! What our API is told of a mail, and the signature under it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SendGridDesk;
use super::book::Sent;

/// What there is to tell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    Processed,
    Deferred { response: &'static str },
    Delivered,
    Bounced { kind: &'static str, status: &'static str, reason: &'static str },
    Dropped { reason: &'static str },
    Opened,
    SpamReport,
    Unsubscribed,
}

impl Told {
    fn word(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Deferred { .. } => "deferred",
            Self::Delivered => "delivered",
            Self::Bounced { .. } => "bounce",
            Self::Dropped { .. } => "dropped",
            Self::Opened => "open",
            Self::SpamReport => "spamreport",
            Self::Unsubscribed => "unsubscribe",
        }
    }

    fn details(self) -> Value {
        let id = Uuid::new_v4().simple();
        let smtp_id = format!("<{id}@geopod-ismtpd-1>");
        match self {
            Self::Processed => json!({ "smtp-id": smtp_id }),
            Self::Deferred { response } => {
                json!({ "smtp-id": smtp_id, "response": response, "attempt": "1" })
            }
            Self::Delivered => json!({ "smtp-id": smtp_id, "response": "250 2.0.0 OK", "tls": 1 }),
            Self::Bounced { kind, status, reason } => {
                json!({ "smtp-id": smtp_id, "type": kind, "status": status, "reason": reason, "tls": 1 })
            }
            Self::Dropped { reason } => json!({ "smtp-id": smtp_id, "reason": reason }),
            Self::Opened => json!({ "useragent": "Sandbox", "ip": "127.0.0.1", "sg_machine_open": false }),
            Self::SpamReport | Self::Unsubscribed => json!({}),
        }
    }
}

/// Custom arguments first: where names clash, SendGrid's own win.
pub(super) fn tell(desk: &Arc<SendGridDesk>, mail: &Sent, told: Told) {
    let mut event = json!(mail.custom_args);
    let own = json!({
        "email": mail.to,
        "timestamp": desk.clock.now().timestamp(),
        "event": told.word(),
        "sg_event_id": Uuid::new_v4().simple().to_string(),
        "sg_message_id": mail.sg_message_id,
    });
    let category = match mail.categories.as_slice() {
        [] => json!({}),
        [one] => json!({ "category": one }),
        several => json!({ "category": several }),
    };
    for fields in [own, category, told.details()] {
        let Value::Object(fields) = fields else { continue };
        for (name, value) in fields {
            event[name] = value;
        }
    }
    desk.announce("events", event);
}

/// As SendGrid writes them: an event in a line, and a line's end behind the last, which belongs to the signed bytes.
pub(super) fn pack(events: &[Value]) -> String {
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    format!("[{}]\r\n", lines.join(",\r\n"))
}

/// The key that events are signed with.
#[derive(Debug)]
pub(super) struct Signer(Mutex<EcdsaKeyPair>);

impl Signer {
    pub(super) fn new() -> Self {
        Self(Mutex::new(made()))
    }

    /// The one before is gone for good.
    pub(super) fn rotate(&self) {
        *self.key() = made();
    }

    /// As SendGrid shows it: Base64 of a `SubjectPublicKeyInfo`.
    pub(super) fn public_key(&self) -> String {
        let der: PublicKeyX509Der<'_> =
            self.key().public_key().as_der().expect("a key that was made can be written");
        STANDARD.encode(der.as_ref())
    }

    /// Over the timestamp and then the body, by a key of somebody else's if it is forged.
    pub(super) fn sign(&self, timestamp: &str, body: &[u8], forged: bool) -> String {
        let message = [timestamp.as_bytes(), body].concat();
        let by = |key: &EcdsaKeyPair| {
            key.sign(&SystemRandom::new(), &message).expect("a key that was made can sign")
        };
        STANDARD.encode(if forged { by(&made()) } else { by(&self.key()) })
    }

    fn key(&self) -> MutexGuard<'_, EcdsaKeyPair> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn made() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("the system has randomness")
}
