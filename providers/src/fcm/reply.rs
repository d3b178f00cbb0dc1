//! Reading Firebase's refusals, and what its codes mean.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::RETRY_AFTER;
use serde::Deserialize;

use crate::http::{self, Answer};
use crate::messages::Remedy;
use crate::private::Private;
use crate::wire::{ProviderError, is_code, retry_after};

/// How long to wait after a refusal for too many requests that does not say.
const PAUSE: Duration = Duration::from_mins(1);

/// Our own code for an `INVALID_ARGUMENT` that is the name of the device, and not another mistake of ours.
const INVALID_DEVICE: &str = "invalid-device";

/// What is to be done about a push that Firebase refused with this code.
pub fn remedy(code: &str) -> Remedy {
    match code {
        // The app is gone from the device; the name was never one; it is of another project.
        "UNREGISTERED" | INVALID_DEVICE | "SENDER_ID_MISMATCH" => Remedy::AddressGone,
        // The account, the key for Apple's devices (THIRD_PARTY_AUTH_ERROR), a push that is too large.
        _ => Remedy::Ours,
    }
}

/// What an answer says went wrong; nothing of a success, and of a 401 that is about our token.
pub(super) fn failure(answer: &Answer, now: DateTime<Utc>) -> Option<ProviderError> {
    let said = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = retry_after(said, now);
    match (answer.status, wait) {
        (429, _) => Some(ProviderError::Throttled { retry_after: Some(wait.unwrap_or(PAUSE)) }),
        (503, Some(_)) => Some(ProviderError::Throttled { retry_after: wait }),
        (200..=299, _) => None,
        (status, _) => http::judged(status, &answer.headers, now).or_else(|| refusal(answer)),
    }
}

#[derive(Deserialize)]
struct Enveloped {
    error: Failure,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    message: String,
    status: Option<String>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
#[serde(tag = "@type")]
enum Detail {
    #[serde(rename = "type.googleapis.com/google.firebase.fcm.v1.FcmError", rename_all = "camelCase")]
    Fcm { error_code: String },
    #[serde(rename = "type.googleapis.com/google.rpc.BadRequest", rename_all = "camelCase")]
    BadRequest {
        #[serde(default)]
        field_violations: Vec<Violation>,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct Violation {
    #[serde(default)]
    field: String,
}

/// What the refusal says; nothing for a 401 that does not come from the sender of pushes: that one is about our token.
fn refusal(answer: &Answer) -> Option<ProviderError> {
    let status = answer.status;
    let failure = serde_json::from_slice(&answer.body).ok().map(|Enveloped { error }| error);
    let said = failure.as_ref().and_then(|failure| {
        failure.details.iter().find_map(|detail| match detail {
            Detail::Fcm { error_code } => Some(error_code.as_str()),
            _ => None,
        })
    });
    if status == 401 && said.is_none() {
        return None;
    }
    let code = said.or(failure.as_ref().and_then(|failure| failure.status.as_deref()));
    let Some((failure, code)) = failure.as_ref().zip(code).filter(|(_, code)| is_code(code)) else {
        return Some(ProviderError::unexpected("an error without a code", Some(status)));
    };
    let code = if code == "INVALID_ARGUMENT" && is_about_the_device(failure) { INVALID_DEVICE } else { code };
    let message = Private::new(failure.message.clone());
    Some(ProviderError::Refused { code: code.to_owned(), message, status })
}

/// Some refusals name the field; others say it in words only.
fn is_about_the_device(failure: &Failure) -> bool {
    let mut violations = failure.details.iter().filter_map(|detail| match detail {
        Detail::BadRequest { field_violations } => Some(field_violations),
        _ => None,
    });
    match violations.next() {
        Some(violations) => violations.iter().any(|violation| violation.field == "message.token"),
        None => failure.message.contains("registration token"),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use serde_json::{Value, json};

    use super::*;

    fn refused(status: u16, body: &Value) -> Option<ProviderError> {
        refusal(&Answer { status, headers: HeaderMap::new(), body: body.to_string().into_bytes() })
    }

    fn fcm(code: &str) -> Value {
        json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code })
    }

    fn violation(field: &str) -> Value {
        json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": "d" }],
        })
    }

    fn body(status: &str, message: &str, details: &[Value]) -> Value {
        json!({ "error": { "code": 1, "message": message, "status": status, "details": details } })
    }

    #[test]
    fn each_code_is_read_from_where_it_stands_and_says_what_is_to_be_done() {
        let not_a_token = "The registration token is not a valid FCM registration token";
        for (status, body, code, expected) in [
            (404, body("NOT_FOUND", "m", &[fcm("UNREGISTERED")]), "UNREGISTERED", Remedy::AddressGone),
            (
                403,
                body("PERMISSION_DENIED", "m", &[fcm("SENDER_ID_MISMATCH")]),
                "SENDER_ID_MISMATCH",
                Remedy::AddressGone,
            ),
            (
                401,
                body("UNAUTHENTICATED", "m", &[fcm("THIRD_PARTY_AUTH_ERROR")]),
                "THIRD_PARTY_AUTH_ERROR",
                Remedy::Ours,
            ),
            (
                400,
                body("INVALID_ARGUMENT", not_a_token, &[fcm("INVALID_ARGUMENT")]),
                "invalid-device",
                Remedy::AddressGone,
            ),
            (
                400,
                body("INVALID_ARGUMENT", "m", &[violation("message.token")]),
                "invalid-device",
                Remedy::AddressGone,
            ),
            (
                400,
                body("INVALID_ARGUMENT", "m", &[fcm("INVALID_ARGUMENT")]),
                "INVALID_ARGUMENT",
                Remedy::Ours,
            ),
            (
                400,
                body("INVALID_ARGUMENT", not_a_token, &[violation("message.android.ttl")]),
                "INVALID_ARGUMENT",
                Remedy::Ours,
            ),
            (403, body("PERMISSION_DENIED", "m", &[]), "PERMISSION_DENIED", Remedy::Ours),
            (
                403,
                body("PERMISSION_DENIED", "m", &[json!({ "@type": "another", "x": 1 })]),
                "PERMISSION_DENIED",
                Remedy::Ours,
            ),
            (404, body("NEVER_HEARD", "m", &[]), "NEVER_HEARD", Remedy::Ours),
        ] {
            assert_eq!(refused(status, &body).unwrap().refusal(), Some(code));
            assert_eq!(remedy(code), expected, "{code}");
        }
    }

    #[test]
    fn a_401_that_is_not_about_a_push_is_about_the_token() {
        assert!(refused(401, &body("UNAUTHENTICATED", "m", &[])).is_none());
        assert!(refused(401, &json!("<html>")).is_none());
    }

    #[test]
    fn an_error_without_a_code_proves_nothing() {
        for body in [json!("<html>"), json!({}), json!({ "error": {} }), body("+221 770000001", "m", &[])] {
            assert!(refused(400, &body).unwrap().may_have_happened(), "{body}");
        }
    }
}
