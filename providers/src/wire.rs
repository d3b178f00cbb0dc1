//! What a call to a provider can come to.
//!
//! A caller that moves money has to know two things about a failure: may the thing have happened all the same, and is
//! there any use in asking again. The four variants of [`ProviderError`] answer both, for every provider alike.
//!
//! Nothing here repeats what a provider wrote in `Display`: their messages quote phone numbers and addresses.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::private::Private;

/// Longest wait that a provider can ask of us. An absurd `Retry-After` must not park a payout for a month.
pub const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Whether the request may have left this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// No connection stood, so not one byte of the request was sent.
    No,
    /// The request, or part of it, may have been received and executed.
    Perhaps,
}

/// Why a call did not give what was asked. No variant's message contains that of its source.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No answer, or an answer that says the provider itself is in trouble (408, 5xx). Worth repeating: a write only
    /// with the same idempotency key, or after looking the object up.
    #[error("the provider could not be reached or is in trouble{}", shown_status(*status))]
    Unreachable {
        sent: Sent,
        /// The HTTP status, when there was an answer at all.
        status: Option<u16>,
        #[source]
        source: Option<reqwest::Error>,
    },

    /// 429: the request was not executed and may be repeated after a pause.
    #[error("the provider asks us to slow down")]
    Throttled {
        /// What `Retry-After` said, at most [`LONGEST_WAIT`]; absent when the provider did not say.
        retry_after: Option<Duration>,
    },

    /// The provider understood and said no. Final: the same request will be refused again.
    #[error("the provider refused the request: {code} (HTTP {status})")]
    Refused {
        /// The provider's code, letters, digits, `.`, `_` and `-` only. `invalid-identifier` is ours: an id that
        /// cannot be one of the provider's was not sent.
        code: String,
        /// The provider's words. They may quote what we sent, so they are for a person with the right to see it.
        message: Private<String>,
        status: u16,
    },

    /// An answer that cannot be read, or that contradicts the question. It proves nothing, so for a write it is as
    /// open as a lost reply.
    #[error("the provider's answer makes no sense: {what}{}", shown_status(*status))]
    Unexpected {
        /// What is wrong with it, in our words.
        what: String,
        status: Option<u16>,
    },
}

fn shown_status(status: Option<u16>) -> String {
    status.map_or_else(String::new, |status| format!(" (HTTP {status})"))
}

impl ProviderError {
    /// Whether the provider may have executed the request in spite of this error.
    pub const fn may_have_happened(&self) -> bool {
        match self {
            Self::Unreachable { sent, .. } => matches!(sent, Sent::Perhaps),
            Self::Unexpected { .. } => true,
            Self::Throttled { .. } | Self::Refused { .. } => false,
        }
    }

    /// The provider's code when it refused.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Classifies a failure of the transport. Only a failure to connect proves that nothing was sent: a total timeout
    /// can also fall on a request that is on its way.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let sent = if error.is_connect() || error.is_builder() { Sent::No } else { Sent::Perhaps };
        // The address carries identifiers; who reads the log knows which provider was called.
        Self::Unreachable { sent, status: None, source: Some(error.without_url()) }
    }

    pub(crate) fn trouble(status: u16) -> Self {
        Self::Unreachable { sent: Sent::Perhaps, status: Some(status), source: None }
    }

    /// A final refusal of our own, before anything was sent.
    pub(crate) fn refused_here(code: &str) -> Self {
        Self::Refused { code: code.to_owned(), message: "".into(), status: 400 }
    }

    pub(crate) fn unexpected(what: impl Into<String>, status: Option<u16>) -> Self {
        Self::Unexpected { what: what.into(), status }
    }
}

/// Providers' ids are letters, digits, `-` and `_`. Anything else (a dot, a slash, nothing at all) would address another
/// resource, so it is refused before it is sent.
pub(crate) fn identifier(id: &str) -> Result<&str, ProviderError> {
    let shaped = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if shaped { Ok(id) } else { Err(ProviderError::refused_here("invalid-identifier")) }
}

/// Codes go into messages and logs, so only what looks like one passes.
pub(crate) fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        // A phone number is not a code.
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Reads `Retry-After`: whole seconds, or an HTTP date counted from `now`. Anything else is no statement at all.
pub(crate) fn retry_after(header: Option<&str>, now: DateTime<Utc>) -> Option<Duration> {
    let text = header?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let wait = text.parse().map_or(LONGEST_WAIT, Duration::from_secs);
        return Some(wait.min(LONGEST_WAIT));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    // A date that has passed means: now.
    let wait = (date - now).to_std().unwrap_or(Duration::ZERO);
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        assert_eq!(retry_after(Some("7"), noon()), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(Some("0"), noon()), Some(Duration::ZERO));
        assert_eq!(retry_after(Some("Sun, 22 Nov 2026 12:00:30 GMT"), noon()), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_date_that_has_passed_means_no_wait() {
        assert_eq!(retry_after(Some("Sun, 22 Nov 2026 11:00:00 GMT"), noon()), Some(Duration::ZERO));
    }

    #[test]
    fn an_absurd_wait_is_capped_and_nonsense_is_ignored() {
        assert_eq!(retry_after(Some("99999999999999999999999"), noon()), Some(LONGEST_WAIT));
        assert_eq!(retry_after(Some("Fri, 22 Nov 2999 11:00:00 GMT"), noon()), Some(LONGEST_WAIT));
        for nonsense in ["", "soon", "-1", "1.5", "7 s"] {
            assert_eq!(retry_after(Some(nonsense), noon()), None, "{nonsense}");
        }
        assert_eq!(retry_after(None, noon()), None);
    }

    #[test]
    fn a_refusal_says_its_code_and_keeps_the_words_private() {
        let error = ProviderError::Refused {
            code: "recipient-minor".into(),
            message: "+221770000094 Awa is a minor".into(),
            status: 422,
        };
        assert_eq!(error.to_string(), "the provider refused the request: recipient-minor (HTTP 422)");
        assert!(!format!("{error:?}").contains("Awa"));
        assert!(!error.may_have_happened());
        assert_eq!(error.refusal(), Some("recipient-minor"));
    }

    #[test]
    fn only_open_outcomes_may_have_happened() {
        assert!(ProviderError::trouble(503).may_have_happened());
        assert!(ProviderError::unexpected("x", Some(200)).may_have_happened());
        assert!(!ProviderError::Throttled { retry_after: None }.may_have_happened());
        assert!(
            !ProviderError::Unreachable { sent: Sent::No, status: None, source: None }.may_have_happened()
        );
    }
}
