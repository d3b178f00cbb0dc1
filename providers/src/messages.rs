//! What all providers of messages have in common: how they are reached, what they answer, and what their receipts say.
//!
//! To hand a message over is not to deliver it. A client's answer says only that a provider has taken it ([`Handed`]); what
//! became of it comes later, in any order, perhaps twice, perhaps never ([`Receipt`]). None of these providers has an
//! idempotency key, so a call whose outcome is open may have sent the message: whoever calls waits for a receipt before
//! sending it again.
//!
//! Nothing here knows a text, a channel's order or a person's wishes; that is decided where messages are.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_resilience_circuitbreaker::CircuitBreakerConfigError;
use url::Url;

use crate::guard::{BreakerState, Guard};
use crate::http::{self, Answer, HttpSetupError, Timeouts};
use crate::wire::ProviderError;

/// No more calls than this are under way at once, to each provider.
pub(crate) const AT_ONCE: usize = 16;

/// A provider has taken a message. That is not a delivery.
#[derive(Clone, PartialEq, Eq)]
pub struct Handed {
    /// The provider's own name for the message; its receipts carry it.
    pub id: String,
}

/// What a receipt says has become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Sent,
    Delivered,
    Read,
    Failed(Refusal),
}

/// A receipt: which message, what became of it, and when the provider saw that.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// As in [`Handed`]; absent where the provider speaks of a message without naming it.
    pub provider_id: Option<String>,
    /// What we called the message when we sent it.
    pub reference: Option<String>,
    pub fate: Fate,
    pub at: DateTime<Utc>,
    /// What the provider's events are told apart by: the same in every delivery of one.
    pub event_id: String,
}

/// Why a provider will not carry a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The provider's code; letters, digits, `.`, `_` and `-` only.
    pub code: String,
    pub remedy: Remedy,
}

/// What is to be done about a message that will not be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// This channel does not reach the person.
    OtherChannel,
    /// Outside the hours in which free words are let through: the same as a template that was approved.
    AsTemplate,
    /// The person does not want it.
    OptedOut,
    /// Nobody is there, and nobody will be: a mailbox that is gone, a dead device, a number that cannot be.
    AddressGone,
    /// The person has had enough for a day.
    Tomorrow,
    /// Our mistake, or our account: somebody must be told, and no other person's message will fare better.
    Ours,
}

/// The ids of some providers hold the person's phone number.
impl fmt::Debug for Handed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handed").finish_non_exhaustive()
    }
}

/// As [`Handed`]; an event's id is often made of the message's.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, fate, at, .. } = self;
        f.debug_struct("Receipt")
            .field("reference", reference)
            .field("fate", fate)
            .field("at", at)
            .finish_non_exhaustive()
    }
}

/// Why what came to a webhook is not taken. What to tell the sender is the same in every case but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("no secret or key for the webhook is configured")]
    NoSecret,
    #[error("it is larger than anything the provider sends")]
    TooLarge,
    #[error("its signature cannot be read")]
    Malformed,
    #[error("its signature is too old")]
    TooOld,
    #[error("its signature is from the future")]
    FromTheFuture,
    #[error("no signature matches")]
    Mismatch,
    /// Genuine, and not what the provider's documents say. Keep the raw bytes: a success would lose it.
    #[error("it is genuine and cannot be read")]
    Unreadable,
}

/// Where a provider is, and how long it is waited for.
#[derive(Debug, Clone)]
pub struct HttpAccess {
    /// Scheme, host and port; a path in it is kept as a prefix.
    pub base_url: Url,
    pub timeouts: Timeouts,
    /// How long no call is made after five in a row have failed.
    pub pause: Duration,
}

/// Why a client could not be made. Names the provider.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(
        "the address of {0} must be https (plain http only to this machine), without a user, query or fragment"
    )]
    Address(&'static str),
    /// Keys, account ids and the like, which go into headers and addresses as they are.
    #[error("a setting for {0} is empty, or holds what cannot be sent")]
    Setting(&'static str),
    #[error("the client for {0} could not be set up")]
    Http(&'static str, #[source] HttpSetupError),
    #[error("the guard before {0} could not be set up")]
    Guard(&'static str, #[source] CircuitBreakerConfigError),
}

/// One provider's HTTP interface behind its guard. It knows no key: the clients add theirs to each request.
#[derive(Debug, Clone)]
pub(crate) struct HttpApi {
    http: Client,
    guard: Guard<Answer>,
    base_url: Url,
}

impl HttpApi {
    pub(crate) fn new(provider: &'static str, access: HttpAccess) -> Result<Self, SetupError> {
        let HttpAccess { base_url, timeouts, pause } = access;
        if !http::is_safe_address(&base_url) {
            return Err(SetupError::Address(provider));
        }
        Ok(Self {
            http: http::client(timeouts).map_err(|error| SetupError::Http(provider, error))?,
            guard: Guard::new(provider, AT_ONCE, pause)
                .map_err(|error| SetupError::Guard(provider, error))?,
            base_url,
        })
    }

    pub(crate) fn breaker(&self) -> BreakerState {
        self.guard.state()
    }

    /// A request to below the base address; each segment is one path element, whatever stands in it.
    pub(crate) fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base_url.clone();
        // An http(s) address always has path segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self.http.request(method, url)
    }

    /// The same for a path in which something is escaped that a path could carry as it is.
    pub(crate) fn request_escaped(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base_url.clone();
        url.set_path(&format!("{}/{path}", self.base_url.path().trim_end_matches('/')));
        self.http.request(method, url)
    }

    /// Makes a call if the guard lets it. It ends in what the call came to, so that the guard sees a provider in trouble.
    pub(crate) async fn call(
        &self,
        call: impl Future<Output = Result<Answer, ProviderError>> + Send + 'static,
    ) -> Result<Answer, ProviderError> {
        self.guard.call(Box::pin(call)).await
    }
}

/// A request with a body of JSON, which is made here, once.
pub(crate) fn with_json<B: Serialize>(
    request: RequestBuilder,
    body: &B,
) -> Result<RequestBuilder, ProviderError> {
    let bytes =
        serde_json::to_vec(body).map_err(|_| ProviderError::refused_here("unserialisable-request"))?;
    Ok(request.header(CONTENT_TYPE, "application/json").body(bytes))
}

/// What a success says.
pub(crate) fn decoded<T: DeserializeOwned>(answer: &Answer) -> Result<T, ProviderError> {
    // serde's own words quote the value that it did not like.
    serde_json::from_slice(&answer.body)
        .map_err(|_| ProviderError::unexpected("the body is not what was expected", Some(answer.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(base_url: &str) -> Result<HttpApi, SetupError> {
        HttpApi::new(
            "a provider",
            HttpAccess {
                base_url: base_url.parse().unwrap(),
                timeouts: Timeouts::total(Duration::from_secs(1)),
                pause: Duration::from_secs(1),
            },
        )
    }

    #[test]
    fn an_address_that_would_leak_a_key_is_refused() {
        for bad in ["http://api.example.com", "https://a:b@api.example.com", "https://api.example.com/?a=b"] {
            assert!(matches!(api(bad), Err(SetupError::Address("a provider"))), "{bad}");
        }
        assert!(api("https://api.example.com/v3").is_ok());
    }

    #[test]
    fn what_stands_in_a_path_stays_in_its_place() {
        for base in ["https://api.example.com/v3", "https://api.example.com/v3/"] {
            let request = api(base).unwrap().request(Method::GET, &["bounces", "a/b?c@d.sn"]);
            let url = request.build().unwrap().url().to_string();
            assert_eq!(url, "https://api.example.com/v3/bounces/a%2Fb%3Fc@d.sn");
        }
    }

    #[test]
    fn what_is_escaped_stays_escaped() {
        for base in ["https://api.example.com/v3", "https://api.example.com/v3/"] {
            let request = api(base).unwrap().request_escaped(Method::POST, "a/tel%3A%2B1/b");
            let url = request.build().unwrap().url().to_string();
            assert_eq!(url, "https://api.example.com/v3/a/tel%3A%2B1/b");
        }
    }

    #[test]
    fn debug_shows_nothing_that_a_phone_number_can_be_read_from() {
        let handed = Handed { id: "wamid.HBgMMjIxNzcwMDAwMDAx".to_owned() };
        let receipt = Receipt {
            provider_id: Some(handed.id.clone()),
            reference: Some("ntf_1".to_owned()),
            fate: Fate::Delivered,
            at: DateTime::UNIX_EPOCH,
            event_id: format!("{}.delivered", handed.id),
        };
        let shown = format!("{handed:?} {receipt:?}");
        assert!(shown.contains("ntf_1") && !shown.contains("wamid"), "{shown}");
    }
}
