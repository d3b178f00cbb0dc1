//! Wave's signature, for both directions: lower-case hex of HMAC-SHA256 over the timestamp's digits directly followed by
//! the raw body. There is no separator between the two; a dot there is another provider's scheme.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};

/// The header that carries `t=<unix seconds>,v1=<hex>`, on our requests and on Wave's webhooks.
pub const SIGNATURE_HEADER: &str = "Wave-Signature";

pub(super) fn key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

/// The bytes that are signed: the timestamp as it stands in the header, then the body as it stands on the wire.
pub(super) fn message(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), body].concat()
}

/// The value of the header for a request of ours. A request without a body signs the timestamp alone.
pub(super) fn header(secret: &SecretString, unix_seconds: i64, body: &[u8]) -> String {
    let timestamp = unix_seconds.to_string();
    let tag = hmac::sign(&key(secret), &message(&timestamp, body));
    format!("t={timestamp},v1={}", hex::encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretString {
        SecretString::from("wave_sn_AKS_wolo_test_secret")
    }

    #[test]
    fn a_request_without_a_body_signs_the_timestamp_alone() {
        assert_eq!(
            header(&secret(), 1_780_000_000, b""),
            "t=1780000000,v1=d238ce3e4d0ce896ac90227b1a180c5cbf5b4c13797529b204a77223a63403e2"
        );
    }

    #[test]
    fn a_request_with_a_body_signs_timestamp_and_body() {
        let body = br#"{"amount":"5000","currency":"XOF","client_reference":"don_01J0WOLO","success_url":"https://wolo.example/ok","error_url":"https://wolo.example/ko"}"#;
        assert_eq!(
            header(&secret(), 1_780_000_000, body),
            "t=1780000000,v1=a66c70e3f2d375508ff7526ccd22468da548c6286a1ce758556e44434ac4497b"
        );
    }
}
