//! Reading SendGrid's refusals. It has no codes, only statuses, words, and the field that it did not like; a code is made
//! of the first and the last: `400.personalizations.to.email`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde::Deserialize;

use crate::http::{Answer, judged};
use crate::messages::Remedy;
use crate::private::Private;
use crate::wire::{LONGEST_WAIT, ProviderError};

/// What is to be done about a mail that was refused under this code. Only an address that cannot be is about the person.
pub fn remedy(code: &str) -> Remedy {
    if code.starts_with("400.personalizations.to") { Remedy::AddressGone } else { Remedy::Ours }
}

#[derive(Deserialize)]
struct Failure {
    errors: Vec<FailureWords>,
}

#[derive(Deserialize)]
struct FailureWords {
    #[serde(default)]
    message: Private<String>,
    #[serde(default)]
    field: Option<String>,
}

/// What an answer says went wrong; nothing of a success.
pub(super) fn failure(answer: &Answer, now: DateTime<Utc>) -> Option<ProviderError> {
    let Answer { status, headers, body } = answer;
    match judged(*status, headers, now) {
        Some(ProviderError::Throttled { retry_after }) => {
            return Some(ProviderError::Throttled {
                retry_after: retry_after.or_else(|| reset(headers, now)),
            });
        }
        Some(error) => return Some(error),
        None if matches!(status, 200..=299) => return None,
        None => {}
    }
    let first =
        serde_json::from_slice::<Failure>(body).ok().and_then(|failure| failure.errors.into_iter().next());
    Some(match first {
        Some(FailureWords { message, field }) => {
            let code = code(*status, field.as_deref());
            ProviderError::Refused { code, message, status: *status }
        }
        // No one executes a request that it has not authenticated.
        None if *status == 401 => {
            ProviderError::Refused { code: "401".to_owned(), message: "".into(), status: 401 }
        }
        None => ProviderError::unexpected("an error without words", Some(*status)),
    })
}

/// Positions in lists are left out. A field that is not made of plain words is none of our request, and is not repeated.
fn code(status: u16, field: Option<&str>) -> String {
    let parts: Vec<&str> = field.into_iter().flat_map(|field| field.split('.')).collect();
    let is_position = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if parts.len() > 6 || !parts.iter().all(|part| part.len() <= 32 && (is_position(part) || is_word(part))) {
        return status.to_string();
    }
    parts
        .iter()
        .filter(|part| !is_position(part))
        .fold(status.to_string(), |code, word| format!("{code}.{word}"))
}

/// `X-RateLimit-Reset`: the second in which calls are counted anew.
fn reset(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let at: i64 = headers.get("x-ratelimit-reset")?.to_str().ok()?.parse().ok()?;
    let wait = at.saturating_sub(now.timestamp());
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn told(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Option<ProviderError> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        failure(&Answer { status, headers, body: body.as_bytes().to_vec() }, now())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000, 0).unwrap()
    }

    #[test]
    fn every_status_of_the_documents_is_classified() {
        let words =
            r#"{"errors":[{"message":"awa@example.com is not liked","field":null,"help":null}],"id":"x"}"#;
        for status in [400, 401, 403, 404, 405, 413] {
            let error = told(status, &[], words).unwrap();
            assert_eq!(error.refusal(), Some(status.to_string().as_str()));
            assert_eq!(remedy(&status.to_string()), Remedy::Ours);
            assert!(!format!("{error} {error:?}").contains("awa@"));
        }
        for status in [500, 503] {
            let error = told(status, &[], words).unwrap();
            assert!(matches!(error, ProviderError::Unreachable { status: Some(_), .. }), "{error:?}");
        }
        assert!(matches!(told(429, &[], words), Some(ProviderError::Throttled { retry_after: None })));
        assert!(told(202, &[], "").is_none());
        assert!(matches!(told(302, &[], ""), Some(ProviderError::Unexpected { .. })));
    }

    #[test]
    fn an_address_that_cannot_be_is_the_persons_and_any_other_field_is_ours() {
        for (field, expected, what) in [
            ("personalizations.0.to.0.email", "400.personalizations.to.email", Remedy::AddressGone),
            ("from.email", "400.from.email", Remedy::Ours),
            ("content.0.value", "400.content.value", Remedy::Ours),
            ("+221770000001.awa@example.com", "400", Remedy::Ours),
        ] {
            let body = format!(r#"{{"errors":[{{"message":"m","field":"{field}"}}]}}"#);
            let error = told(400, &[], &body).unwrap();
            assert_eq!(error.refusal(), Some(expected));
            assert_eq!(remedy(expected), what, "{field}");
        }
    }

    #[test]
    fn a_limit_says_when_it_begins_anew() {
        for (reset, seconds) in [("1780000007", 7), ("1779999000", 0), ("99999999999999", 86_400)] {
            match told(429, &[("x-ratelimit-reset", reset)], "") {
                Some(ProviderError::Throttled { retry_after }) => {
                    assert_eq!(retry_after, Some(Duration::from_secs(seconds)), "{reset}");
                }
                other => panic!("{other:?}"),
            }
        }
        let both = [("x-ratelimit-reset", "1780000007"), ("retry-after", "3")];
        match told(429, &both, "") {
            Some(ProviderError::Throttled { retry_after }) => {
                assert_eq!(retry_after, Some(Duration::from_secs(3)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_page_of_some_proxy_proves_nothing_but_that_nobody_was_authenticated() {
        for body in ["", "<html>", "{}", r#"{"errors":[]}"#] {
            assert!(matches!(told(400, &[], body), Some(ProviderError::Unexpected { .. })), "{body}");
            assert_eq!(told(401, &[], body).unwrap().refusal(), Some("401"), "{body}");
        }
    }
}
