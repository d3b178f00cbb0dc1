//! Reading Twilio's refusals, and what its codes mean, in answers and in receipts.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::http::{self, Answer};
use crate::messages::Remedy;
use crate::private::Private;
use crate::wire::ProviderError;

/// Too many requests, under whatever status.
const TOO_MANY: u32 = 20429;

/// What is to be done about a message that Twilio refused with this code, or whose receipt says it.
pub fn remedy(code: &str) -> Remedy {
    match code {
        // A number that cannot be; and one that nobody has (any more).
        "21211" | "30005" => Remedy::AddressGone,
        "21610" => Remedy::OptedOut,
        // No way from our sender to there; not a mobile; switched off; a landline or no coverage; lost without a reason.
        "21612" | "21614" | "30003" | "30006" | "30008" => Remedy::OtherChannel,
        // The account (20003), a country that it may not send to (21408), a text that an operator filters (30007).
        _ => Remedy::Ours,
    }
}

/// What an answer says went wrong; nothing of a success.
pub(super) fn failure(answer: &Answer, now: DateTime<Utc>) -> Option<ProviderError> {
    match http::judged(answer.status, &answer.headers, now) {
        None if matches!(answer.status, 200..=299) => None,
        None => Some(refusal(answer)),
        trouble => trouble,
    }
}

#[derive(Deserialize)]
struct Failure {
    code: u32,
    #[serde(default)]
    message: String,
}

/// A refusal without a code (a proxy's page, say) proves nothing, except 401: no one sends for whom it does not know.
fn refusal(answer: &Answer) -> ProviderError {
    let status = answer.status;
    let refused = |code, message| ProviderError::Refused { code, message: Private::new(message), status };
    match serde_json::from_slice(&answer.body) {
        Ok(Failure { code: TOO_MANY, .. }) => ProviderError::Throttled { retry_after: None },
        Ok(Failure { code, message }) => refused(code.to_string(), message),
        Err(_) if status == 401 => refused("unauthorized".to_owned(), String::new()),
        Err(_) => ProviderError::unexpected("an error without a code", Some(status)),
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
    fn a_refusal_carries_twilios_code_and_keeps_its_words_private() {
        let body =
            r#"{"code":21211,"message":"+221770000001 is not valid","more_info":"https://x","status":400}"#;
        let error = refused(400, body);
        assert_eq!(error.refusal(), Some("21211"));
        assert!(!format!("{error} {error:?}").contains("7700"));
        assert_eq!(refused(401, "<html>").refusal(), Some("unauthorized"));
        assert!(matches!(refused(400, r#"{"code":20429}"#), ProviderError::Throttled { .. }));
        for body in ["", "{}", r#"{"code":"21211"}"#, "<html>"] {
            assert!(refused(400, body).may_have_happened(), "{body}");
        }
    }

    #[test]
    fn what_is_to_be_done_follows_from_the_code() {
        for (code, expected) in [
            ("20003", Remedy::Ours),
            ("21211", Remedy::AddressGone),
            ("21408", Remedy::Ours),
            ("21610", Remedy::OptedOut),
            ("21612", Remedy::OtherChannel),
            ("21614", Remedy::OtherChannel),
            ("30003", Remedy::OtherChannel),
            ("30005", Remedy::AddressGone),
            ("30006", Remedy::OtherChannel),
            ("30007", Remedy::Ours),
            ("30008", Remedy::OtherChannel),
            ("99999", Remedy::Ours),
        ] {
            assert_eq!(remedy(code), expected, "{code}");
        }
    }
}
