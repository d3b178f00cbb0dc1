//! Reading Orange's answers. Its gateway and the interface behind it have errors of two different shapes.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::http::{self, Answer};
use crate::messages::Remedy;
use crate::private::Private;
use crate::wire::{ProviderError, is_code};

/// The gateway's word for too many requests, under whatever status.
const TOO_MANY: u32 = 53;

/// What is to be done about a message that Orange refused with this code, or whose receipt says it.
pub fn remedy(code: &str) -> Remedy {
    match code {
        // Orange's word in a receipt: the phone is off for days, or the operator does not take it.
        "DeliveryImpossible" => Remedy::OtherChannel,
        // No valid address among those that were given: that was one.
        "SVC0004" => Remedy::AddressGone,
        // The bundle (POL0001), the credentials, the sender, the text.
        _ => Remedy::Ours,
    }
}

/// What an answer says went wrong; nothing of a success, and of a 401, which is about the token.
pub(super) fn failure(answer: &Answer, now: DateTime<Utc>) -> Option<ProviderError> {
    match http::judged(answer.status, &answer.headers, now) {
        None if matches!(answer.status, 200..=299 | 401) => None,
        None => Some(refusal(answer)),
        trouble => trouble,
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Failure {
    Gateway {
        code: u32,
        #[serde(default)]
        message: String,
    },
    #[serde(rename_all = "camelCase")]
    Interface { request_error: RequestError },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum RequestError {
    PolicyException(Exception),
    ServiceException(Exception),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exception {
    message_id: String,
    #[serde(default)]
    text: String,
    /// What stands for `%1` and so on in the text. They may quote what we sent.
    #[serde(default)]
    variables: Vec<String>,
}

fn refusal(answer: &Answer) -> ProviderError {
    let status = answer.status;
    let refused = |code, message| ProviderError::Refused { code, message: Private::new(message), status };
    match serde_json::from_slice(&answer.body) {
        Ok(Failure::Gateway { code: TOO_MANY, .. }) => ProviderError::Throttled { retry_after: None },
        Ok(Failure::Gateway { code, message }) => refused(code.to_string(), message),
        Ok(Failure::Interface {
            request_error: RequestError::PolicyException(said) | RequestError::ServiceException(said),
        }) if is_code(&said.message_id) => {
            refused(said.message_id, format!("{} ({})", said.text, said.variables.join(", ")))
        }
        _ => ProviderError::unexpected("an error without a code", Some(status)),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn refused(status: u16, body: &str) -> ProviderError {
        refusal(&Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn errors_of_both_shapes_are_read() {
        let expired = r#"{"requestError":{"policyException":{"messageId":"POL0001","text":"A policy error occurred. Error code is %1","variables":["Expired contract. buy a new bundle"]}}}"#;
        let invalid = r#"{"requestError":{"serviceException":{"messageId":"SVC0002","text":"Invalid input value for message part %1","variables":["tel:+221770000001"]}}}"#;
        for (status, body, code) in [
            (403, expired, "POL0001"),
            (400, invalid, "SVC0002"),
            (403, r#"{"code":50,"message":"Access denied","description":"d"}"#, "50"),
            (404, r#"{"code":60}"#, "60"),
        ] {
            let error = refused(status, body);
            assert_eq!(error.refusal(), Some(code));
            assert!(!format!("{error} {error:?}").contains("7700"));
        }
        let error = refused(403, r#"{"code":53,"message":"Too many requests"}"#);
        assert!(matches!(error, ProviderError::Throttled { retry_after: None }));
    }

    #[test]
    fn an_error_without_a_code_proves_nothing() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"code":"no"}"#,
            r#"{"requestError":{}}"#,
            r#"{"requestError":{"policyException":{"messageId":"+221770000001"}}}"#,
        ] {
            assert!(refused(400, body).may_have_happened(), "{body}");
        }
    }

    #[test]
    fn what_is_to_be_done_follows_from_the_code() {
        for (code, expected) in [
            ("POL0001", Remedy::Ours),
            ("SVC0002", Remedy::Ours),
            ("SVC0004", Remedy::AddressGone),
            ("SVC0280", Remedy::Ours),
            ("DeliveryImpossible", Remedy::OtherChannel),
            ("50", Remedy::Ours),
            ("unauthorized", Remedy::Ours),
            ("invalid_client", Remedy::Ours),
            ("never heard of", Remedy::Ours),
        ] {
            assert_eq!(remedy(code), expected, "{code}");
        }
    }
}
