//! Orange's receipts. They are not signed, so the address that they are sent to holds a secret ([`verify`]), and whoever
//! takes one looks whether the message is ours before it believes anything.

use aws_lc_rs::constant_time;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::remedy;
use crate::messages::{Fate, Receipt, Refusal, WebhookError};
use crate::wire::identifier;

/// Theirs have a few hundred bytes.
const LARGEST: usize = 16 * 1024;

/// Checks the secret that stood in the address. The comparison takes the same time wherever the difference is.
pub fn verify(shown: &str, secrets: &[SecretString]) -> Result<(), WebhookError> {
    let mut secrets =
        secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()).peekable();
    if secrets.peek().is_none() {
        return Err(WebhookError::NoSecret);
    }
    let hash = |text: &str| digest(&SHA256, text.as_bytes());
    let shown = hash(shown);
    let is =
        |secret: &str| constant_time::verify_slices_are_equal(hash(secret).as_ref(), shown.as_ref()).is_ok();
    if secrets.any(is) { Ok(()) } else { Err(WebhookError::Mismatch) }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enveloped {
    delivery_info_notification: Notification,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    /// Orange's name for the message.
    callback_data: String,
    delivery_info: DeliveryInfo,
}

/// The status is written in one of two places.
#[derive(Deserialize)]
#[serde(untagged)]
enum DeliveryInfo {
    #[serde(rename_all = "camelCase")]
    Flat {
        delivery_status: String,
    },
    Nested {
        delivery: Delivery,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    delivery_status: String,
}

/// What a receipt says, after [`verify`] has accepted its address. Orange does not say when it was written, so it counts
/// from when it came. A status that we do not know is passed over.
pub fn parse(raw: &[u8], now: DateTime<Utc>) -> Result<Vec<Receipt>, WebhookError> {
    if raw.len() > LARGEST {
        return Err(WebhookError::TooLarge);
    }
    let Enveloped { delivery_info_notification: Notification { callback_data, delivery_info } } =
        serde_json::from_slice(raw).map_err(|_| WebhookError::Unreadable)?;
    identifier(&callback_data).map_err(|_| WebhookError::Unreadable)?;
    let status = match delivery_info {
        DeliveryInfo::Flat { delivery_status }
        | DeliveryInfo::Nested { delivery: Delivery { delivery_status } } => delivery_status,
    };
    let fate = match status.as_str() {
        "DeliveredToTerminal" => Fate::Delivered,
        // On its way: with another operator, or until the phone is on again.
        "DeliveredToNetwork" | "MessageWaiting" | "DeliveryUncertain" => Fate::Sent,
        "DeliveryImpossible" => Fate::Failed(Refusal { remedy: remedy(&status), code: status.clone() }),
        _ => return Ok(Vec::new()),
    };
    let event_id = format!("{callback_data}.{status}");
    Ok(vec![Receipt { provider_id: Some(callback_data), reference: None, fate, at: now, event_id }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Remedy;

    const ID: &str = "0b7a1f0c-5b0e-4f0a-9f3e-6a1d2c3b4a59";

    fn parsed(status: &str) -> Vec<Receipt> {
        let flat = format!(
            r#"{{"deliveryInfoNotification":{{"callbackData":"{ID}","deliveryInfo":{{"address":"tel:+221770000001","deliveryStatus":"{status}"}}}}}}"#
        );
        let nested = format!(
            r#"{{"deliveryInfoNotification":{{"callbackData":"{ID}","deliveryInfo":{{"address":"tel:+221770000001","delivery":{{"deliveryStatus":"{status}"}}}}}}}}"#
        );
        let read = |raw: &str| parse(raw.as_bytes(), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!(read(&flat), read(&nested), "{status}");
        read(&flat)
    }

    #[test]
    fn a_receipt_says_what_became_of_the_message_wherever_its_status_stands() {
        let impossible = Refusal { code: "DeliveryImpossible".to_owned(), remedy: Remedy::OtherChannel };
        for (status, fate) in [
            ("DeliveredToTerminal", Fate::Delivered),
            ("DeliveredToNetwork", Fate::Sent),
            ("MessageWaiting", Fate::Sent),
            ("DeliveryUncertain", Fate::Sent),
            ("DeliveryImpossible", Fate::Failed(impossible)),
        ] {
            let receipts = parsed(status);
            let [receipt] = receipts.as_slice() else { panic!("{status}") };
            assert_eq!((receipt.provider_id.as_deref(), &receipt.fate), (Some(ID), &fate));
            assert_eq!(receipt.event_id, format!("{ID}.{status}"));
        }
        assert_eq!(parsed("DeliveredToTheMoon"), []);
    }

    #[test]
    fn what_is_no_receipt_is_an_error() {
        for raw in [
            "",
            "{}",
            "[]",
            r#"{"deliveryInfoNotification":{"callbackData":"","deliveryInfo":{"deliveryStatus":"MessageWaiting"}}}"#,
            r#"{"deliveryInfoNotification":{"callbackData":"a/b","deliveryInfo":{"deliveryStatus":"MessageWaiting"}}}"#,
            r#"{"deliveryInfoNotification":{"callbackData":"a","deliveryInfo":{}}}"#,
        ] {
            assert_eq!(parse(raw.as_bytes(), DateTime::UNIX_EPOCH), Err(WebhookError::Unreadable), "{raw}");
        }
        let large = vec![b' '; LARGEST + 1];
        assert_eq!(parse(&large, DateTime::UNIX_EPOCH), Err(WebhookError::TooLarge));
    }

    #[test]
    fn only_the_secrets_of_the_address_open_it() {
        let secrets = ["new", "old"].map(SecretString::from);
        for shown in ["new", "old"] {
            assert_eq!(verify(shown, &secrets), Ok(()));
        }
        for shown in ["", "ne", "new ", "other"] {
            assert_eq!(verify(shown, &secrets), Err(WebhookError::Mismatch), "{shown}");
        }
        assert_eq!(verify("", &[]), Err(WebhookError::NoSecret));
        assert_eq!(verify("", &[SecretString::from("")]), Err(WebhookError::NoSecret));
    }
}
