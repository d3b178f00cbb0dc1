//! What our API is told: what becomes of messages, and what people answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;
use uuid::Uuid;

use super::TwilioDesk;
use super::book::{Sent, Status};
use crate::inbox::{Channel, Message};

/// Words by which a person wants nothing more, and wants it again; Twilio knows no French.
const STOP: [&str; 6] = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"];
const START: [&str; 3] = ["START", "YES", "UNSTOP"];

/// The header of `X-Twilio-Signature` for a form at an address.
pub(super) fn signature(auth_token: &str, url: &str, body: &[u8]) -> String {
    let mut fields: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        fields.entry(name).or_default().insert(value);
    }
    let pairs =
        fields.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name}{value}")));
    let signed: String = std::iter::once(url.to_owned()).chain(pairs).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes());
    STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
}

pub(super) fn receipt(desk: &Arc<TwilioDesk>, message: &Sent, status: Status, code: Option<u32>) {
    let Some(callback) = &message.callback else { return };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("AccountSid", &desk.provider.options.account_sid)
        .append_pair("ApiVersion", "2010-04-01")
        .append_pair("From", &message.from)
        .append_pair("MessageSid", &message.sid)
        .append_pair("MessageStatus", status.word())
        .append_pair("SmsSid", &message.sid)
        .append_pair("SmsStatus", status.word())
        .append_pair("To", &message.to);
    if let Some(code) = code {
        form.append_pair("ErrorCode", &code.to_string());
    }
    desk.tell_at(callback.clone(), status.word(), form.finish());
}

/// A person answers: what they want is done, and our API is told.
pub(super) fn heard(desk: &Arc<TwilioDesk>, from: &str, text: &str) -> String {
    let sid = format!("SM{}", Uuid::new_v4().simple());
    let word = text.trim().to_uppercase();
    let wish = if STOP.contains(&word.as_str()) {
        Some("STOP")
    } else if START.contains(&word.as_str()) {
        Some("START")
    } else {
        None
    };
    if let Some(wish) = wish {
        desk.change(|book| book.set_stopped(from, wish == "STOP"));
    }
    desk.inbox.deliver(Message { own: true, ..Message::new(Channel::Sms, from, &sid, text) });
    let options = &desk.provider.options;
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("AccountSid", &options.account_sid)
        .append_pair("ApiVersion", "2010-04-01")
        .append_pair("Body", text)
        .append_pair("From", from)
        .append_pair("MessageSid", &sid)
        .append_pair("NumMedia", "0")
        .append_pair("NumSegments", "1")
        .append_pair("SmsMessageSid", &sid)
        .append_pair("SmsSid", &sid)
        .append_pair("SmsStatus", "received")
        .append_pair("To", options.senders.first().map_or("", String::as_str));
    if let Some(wish) = wish {
        form.append_pair("OptOutType", wish);
    }
    desk.tell("received", &form.finish());
    sid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_signed() {
        let url = "https://api.wolo.example/webhooks/twilio/status";
        let body = b"To=%2B221770000001&MessageStatus=delivered&MessageSid=SMwolo0001";
        assert_eq!(signature("wolo_auth_token", url, body), "5lWTulBeQEJwTXMsYQiV4/8b4BM=");
    }
}
