//! What the channels need that messages go out on. Each is complete or absent: a token without the number that it is for
//! would be noticed when the first message is lost.

use super::reader::Reader;
use super::{SendGrid, WhatsApp};

pub(super) fn whatsapp(reader: &mut Reader) -> Option<WhatsApp> {
    let access_token = reader.secret("whatsapp.access_token");
    let phone_number_id = reader.text("whatsapp.phone_number_id");
    let webhook_verify_token = reader.secret("whatsapp.webhook_verify_token");
    if !phone_number_id.bytes().all(|byte| byte.is_ascii_digit()) {
        reader.problem("whatsapp.phone_number_id", "must be digits: it is Meta's id, not the number itself");
    }
    match (access_token, webhook_verify_token) {
        (Some(access_token), Some(webhook_verify_token)) if !phone_number_id.is_empty() => {
            Some(WhatsApp { access_token, phone_number_id, webhook_verify_token })
        }
        (None, None) if phone_number_id.is_empty() => None,
        _ => {
            let words = "needs access_token, phone_number_id and webhook_verify_token, or none of them";
            reader.problem("whatsapp", words);
            None
        }
    }
}

pub(super) fn sendgrid(reader: &mut Reader) -> Option<SendGrid> {
    let api_key = reader.secret("sendgrid.api_key");
    let from_email = reader.text("sendgrid.from_email");
    if !from_email.is_empty() && !from_email.contains('@') {
        reader.problem("sendgrid.from_email", "must be a mail address");
    }
    match api_key {
        Some(api_key) if !from_email.is_empty() => Some(SendGrid { api_key, from_email }),
        None if from_email.is_empty() => None,
        _ => {
            reader.problem("sendgrid", "needs api_key and from_email, or none of them");
            None
        }
    }
}
