//! Meta's codes, by what is to be done about them.
//!
//! The same code may come at once, as the answer to a send, or later in a receipt. What is worth asking again is a
//! [`ProviderError`] that says so when it comes at once; in a receipt it is the end of that message.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::http::{Answer, judged};
use crate::messages::Remedy;
use crate::private::Private;
use crate::wire::{ProviderError, retry_after};

const SECONDS: Duration = Duration::from_secs(5);
/// Somebody can be sent to about once in six seconds.
const PAIR: Duration = Duration::from_secs(6);
const MINUTES: Duration = Duration::from_mins(5);
const SLOWLY: Duration = Duration::from_mins(15);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Not sent; worth a try after a while.
    Later(Duration),
    /// As [`Class::Later`], but it will not pass by itself.
    LaterWithAlarm(Duration),
    /// They do not know what became of it.
    Trouble,
    Final(Remedy),
    Unknown,
}

/// Our mistakes, and what is wrong with our account.
fn is_ours(code: i64) -> bool {
    let token = [0, 190];
    let permission = code == 3 || code == 10 || (200..=299).contains(&code);
    // Spam, payment, locked, policy, country, not in the list of a test number.
    let account = [131_048, 131_042, 131_031, 368, 130_497, 131_030];
    let parameter = [33, 100, 131_008, 131_009, 131_051];
    // Filled wrongly, not approved, paused, disabled, marketing off, limited.
    let template = [132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016, 131_063, 131_064];
    permission || [&token[..], &account, &parameter, &template].iter().any(|codes| codes.contains(&code))
}

fn class(code: i64) -> Class {
    use Remedy::{AsTemplate, OptedOut, OtherChannel, Ours, Tomorrow};
    match code {
        // Unknown, or temporary.
        1 | 2 | 131_000 | 131_016 | 135_000 => Class::Trouble,
        // Too many calls of the app, of the account.
        4 | 80_007 => Class::Later(MINUTES),
        // Too many messages of the number; a file could not be fetched, or not be passed on.
        130_429 | 131_052 | 131_053 => Class::Later(SECONDS),
        // Too many to the person.
        131_056 => Class::Later(PAIR),
        // The number is not registered, or the account in maintenance.
        131_045 | 131_057 | 133_010 => Class::LaterWithAlarm(SLOWLY),
        131_049 => Class::Final(Tomorrow),
        131_050 => Class::Final(OptedOut),
        131_047 => Class::Final(AsTemplate),
        // Not on WhatsApp, in an experiment, ourselves, known by a user id alone.
        131_026 | 130_472 | 131_021 | 131_062 => Class::Final(OtherChannel),
        _ if is_ours(code) => Class::Final(Ours),
        _ => Class::Unknown,
    }
}

/// What is to be done about a message that was refused with this code, at once or in a receipt. A code that would have
/// been worth another try has, in a receipt, failed for this message: the person is reached another way.
pub fn remedy(code: &str) -> Remedy {
    match code.parse().map(class) {
        Ok(Class::Final(remedy)) => remedy,
        Ok(Class::Later(_) | Class::Trouble) => Remedy::OtherChannel,
        Ok(Class::LaterWithAlarm(_) | Class::Unknown) | Err(_) => Remedy::Ours,
    }
}

#[derive(Deserialize)]
struct Failure {
    error: FailureWords,
}

#[derive(Deserialize)]
struct FailureWords {
    code: i64,
    #[serde(default)]
    message: Private<String>,
    #[serde(default)]
    is_transient: bool,
}

/// What an answer says went wrong; nothing of a success.
pub(super) fn failure(answer: &Answer, now: DateTime<Utc>) -> Option<ProviderError> {
    let Answer { status, headers, body } = answer;
    if matches!(status, 200..=299) {
        return None;
    }
    let by_status = judged(*status, headers, now);
    let Ok(Failure { error }) = serde_json::from_slice::<Failure>(body) else {
        // No one executes a request that it has not authenticated; any other error without a code proves nothing.
        return Some(by_status.unwrap_or_else(|| match status {
            401 => {
                ProviderError::Refused { code: "unauthorized".to_owned(), message: "".into(), status: 401 }
            }
            _ => ProviderError::unexpected("an error without a code", Some(*status)),
        }));
    };
    let FailureWords { code, message, is_transient } = error;
    let told = retry_after(headers.get("retry-after").and_then(|value| value.to_str().ok()), now);
    let refused = || ProviderError::Refused { code: code.to_string(), message, status: *status };
    Some(match class(code) {
        Class::Later(wait) => ProviderError::Throttled { retry_after: told.or(Some(wait)) },
        Class::LaterWithAlarm(wait) => {
            tracing::error!(code, "our number at WhatsApp cannot send until somebody has looked after it");
            ProviderError::Throttled { retry_after: told.or(Some(wait)) }
        }
        Class::Trouble => ProviderError::trouble(*status),
        Class::Final(_) => refused(),
        Class::Unknown if is_transient => ProviderError::trouble(*status),
        Class::Unknown => by_status.unwrap_or_else(refused),
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    fn failed(status: u16, code: i64) -> ProviderError {
        let body = format!(
            r#"{{"error":{{"message":"(#{code}) +221770000001","type":"OAuthException","code":{code},
            "error_subcode":2494055,"error_data":{{"details":"…"}},"fbtrace_id":"x"}}}}"#
        );
        failure(&answer(status, &body), DateTime::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn what_is_worth_another_try_is_no_refusal_whatever_its_status() {
        for status in [400, 429, 500] {
            for (code, wait) in [
                (4, MINUTES),
                (80_007, MINUTES),
                (130_429, SECONDS),
                (131_056, PAIR),
                (131_052, SECONDS),
                (131_053, SECONDS),
                (131_045, SLOWLY),
                (131_057, SLOWLY),
                (133_010, SLOWLY),
            ] {
                match failed(status, code) {
                    ProviderError::Throttled { retry_after } => assert_eq!(retry_after, Some(wait), "{code}"),
                    other => panic!("{code}: {other:?}"),
                }
            }
            for code in [1, 2, 131_000, 131_016, 135_000] {
                let error = failed(status, code);
                assert!(matches!(error, ProviderError::Unreachable { .. }), "{code}: {error:?}");
                assert!(error.may_have_happened());
            }
        }
    }

    #[test]
    fn every_final_code_is_a_refusal_with_its_remedy_whatever_its_status() {
        let ours = [
            0, 3, 10, 190, 200, 299, 131_048, 131_042, 131_031, 368, 130_497, 131_030, 33, 100, 131_008,
            131_009, 131_051, 132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016,
            131_063, 131_064,
        ];
        let others = [
            (131_026, Remedy::OtherChannel),
            (130_472, Remedy::OtherChannel),
            (131_021, Remedy::OtherChannel),
            (131_062, Remedy::OtherChannel),
            (131_047, Remedy::AsTemplate),
            (131_049, Remedy::Tomorrow),
            (131_050, Remedy::OptedOut),
        ];
        for (code, expected) in others.into_iter().chain(ours.map(|code| (code, Remedy::Ours))) {
            for status in [400, 401, 403, 429, 500] {
                let error = failed(status, code);
                let given = error.refusal().unwrap_or_else(|| panic!("{code} under {status}: {error:?}"));
                assert_eq!((given, remedy(given)), (code.to_string().as_str(), expected));
                assert!(!format!("{error} {error:?}").contains("7700"));
            }
        }
    }

    #[test]
    fn in_a_receipt_a_temporary_code_means_another_channel_and_an_unknown_one_is_ours() {
        for code in ["1", "130429", "131000", "131016", "131056", "131053"] {
            assert_eq!(remedy(code), Remedy::OtherChannel, "{code}");
        }
        for code in ["133010", "999999", "", "+221770000001x", "unauthorized"] {
            assert_eq!(remedy(code), Remedy::Ours, "{code}");
        }
    }

    #[test]
    fn an_unknown_code_is_final_unless_its_status_or_meta_says_otherwise() {
        assert_eq!(failed(400, 999_999).refusal(), Some("999999"));
        assert!(matches!(failed(503, 999_999), ProviderError::Unreachable { status: Some(503), .. }));
        assert!(matches!(failed(429, 999_999), ProviderError::Throttled { .. }));
        let transient = r#"{"error":{"code":999999,"is_transient":true}}"#;
        let error = failure(&answer(400, transient), DateTime::UNIX_EPOCH).unwrap();
        assert!(matches!(error, ProviderError::Unreachable { .. }), "{error:?}");
    }

    #[test]
    fn an_error_without_a_code_is_told_by_its_status() {
        let told = |status, body| failure(&answer(status, body), DateTime::UNIX_EPOCH).unwrap();
        for body in ["", "<html>", "{}", r#"{"error":"x"}"#, r#"{"error":{"code":"131026"}}"#] {
            assert_eq!(told(401, body).refusal(), Some("unauthorized"), "{body}");
            assert!(matches!(told(400, body), ProviderError::Unexpected { .. }), "{body}");
            assert!(matches!(told(502, body), ProviderError::Unreachable { .. }), "{body}");
            assert!(matches!(told(429, body), ProviderError::Throttled { .. }), "{body}");
        }
    }

    #[test]
    fn a_wait_that_meta_names_is_obeyed() {
        let mut answer = answer(429, r#"{"error":{"code":130429}}"#);
        answer.headers.insert("retry-after", HeaderValue::from_static("42"));
        match failure(&answer, DateTime::UNIX_EPOCH) {
            Some(ProviderError::Throttled { retry_after }) => {
                assert_eq!(retry_after, Some(Duration::from_secs(42)));
            }
            other => panic!("{other:?}"),
        }
    }
}
