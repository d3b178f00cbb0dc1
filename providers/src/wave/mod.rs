//! Wave Business: checkouts in, payouts out, the wallet's book, and the webhooks.
//!
//! The body of a request is made once, as bytes; those bytes are signed and those bytes are sent. A client that
//! serialises twice signs something else than it sends.
//!
//! This client never invents a fact about money: a reply that cannot be read, that speaks of another object, or of
//! another currency, is [`ProviderError::Unexpected`], not a best guess. Source: Wave's Business API documentation
//! (checkout, payout, balance and reconciliation, webhooks).

mod amount;
mod checkouts;
mod payouts;
mod reply;
mod signature;
mod statement;
pub mod webhook;

use std::time::Duration;

use chrono::Utc;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, InvalidHeaderValue};
use reqwest::{Client, Method};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_resilience_circuitbreaker::CircuitBreakerConfigError;
use url::Url;

use crate::guard::{BreakerState, Guard};
use crate::http::{self, Answer, HttpSetupError, Timeouts};
use crate::wire::{ProviderError, identifier};

pub use checkouts::{CheckoutSession, CreateCheckout, Expiry, PaymentFailure};
pub use payouts::{
    IdempotencyKey, InvalidIdempotencyKey, NameMatch, NationalIdMatch, Payout, RecipientCheck, SendPayout,
    VerifyRecipient,
};
pub use signature::SIGNATURE_HEADER;
pub use statement::{StatementLine, StatementPage, UnreadableLine};
// Wave's words that the domain decides by are the domain's own.
pub use wolo_domain::evidence::gifts::{CheckoutStatus, PaymentStatus};
pub use wolo_domain::evidence::payouts::PayoutStatus;
pub use wolo_domain::reconciliation::LineType;

use reply::Reply;

/// The only currency of a wallet in Senegal; anything else is kept as [`Currency::Unknown`] and never booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Currency {
    /// West African francs, whole ones only.
    #[serde(rename = "XOF")]
    Xof,
    #[serde(other)]
    Unknown,
}

/// What is needed to speak for one Wave wallet.
#[derive(Debug, Clone)]
pub struct WaveAccess {
    /// Scheme, host and port (`https://api.wave.com`); a path in it is kept as a prefix.
    pub base_url: Url,
    /// The bearer key of the wallet, `wave_sn_…`.
    pub api_key: SecretString,
    /// For keys that were made with request signing; then every request must be signed.
    pub signing_secret: Option<SecretString>,
    pub timeouts: Timeouts,
    /// No more calls than this are under way at once.
    pub at_once: usize,
    /// How long no call is made after five in a row have failed.
    pub pause: Duration,
}

/// Why a [`Wave`] could not be made.
#[derive(Debug, thiserror::Error)]
pub enum WaveSetupError {
    #[error(
        "Wave's address must be https (plain http only to this machine), without a user, query or fragment"
    )]
    Address,
    #[error("Wave's API key holds characters that no HTTP header can carry")]
    ApiKey(#[source] InvalidHeaderValue),
    #[error("the client for Wave could not be set up")]
    Http(#[from] HttpSetupError),
    #[error("the guard before Wave could not be set up")]
    Guard(#[from] CircuitBreakerConfigError),
}

/// A client of one Wave wallet. Cheap to clone; makes one attempt per call and never repeats by itself. While Wave is in
/// trouble it makes none for a moment.
#[derive(Debug, Clone)]
pub struct Wave {
    http: Client,
    guard: Guard<Answer>,
    base_url: Url,
    api_key: SecretString,
    signing_secret: Option<SecretString>,
}

impl Wave {
    pub fn new(access: WaveAccess) -> Result<Self, WaveSetupError> {
        if !http::is_safe_address(&access.base_url) {
            return Err(WaveSetupError::Address);
        }
        http::bearer(&access.api_key).map_err(WaveSetupError::ApiKey)?;
        Ok(Self {
            http: http::client(access.timeouts)?,
            guard: Guard::new("wave", access.at_once, access.pause)?,
            base_url: access.base_url,
            api_key: access.api_key,
            signing_secret: access.signing_secret,
        })
    }

    /// Whether calls are let through.
    pub fn breaker(&self) -> BreakerState {
        self.guard.state()
    }

    async fn get(&self, url: Url) -> Result<Reply, ProviderError> {
        self.send(Method::GET, url, None, None).await
    }

    /// A POST with the empty body, as `expire`, `refund` and `reverse` want it.
    async fn post_empty(&self, url: Url, key: Option<&IdempotencyKey>) -> Result<Reply, ProviderError> {
        self.send(Method::POST, url, None, key).await
    }

    async fn post<B: Serialize>(
        &self,
        url: Url,
        body: &B,
        key: Option<&IdempotencyKey>,
    ) -> Result<Reply, ProviderError> {
        let bytes = serde_json::to_vec(body).map_err(|_| {
            // Our request types are plain structs; this would be a defect here, and nothing has been sent.
            ProviderError::refused_here("unserialisable-request")
        })?;
        self.send(Method::POST, url, Some(bytes), key).await
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
        key: Option<&IdempotencyKey>,
    ) -> Result<Reply, ProviderError> {
        let has_body = body.is_some();
        let bytes = body.unwrap_or_default();
        let now = Utc::now();

        let call = Call::of(&method);
        let mut request = self.http.request(method, url);
        if let Ok(value) = http::bearer(&self.api_key) {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(secret) = &self.signing_secret {
            request = request.header(SIGNATURE_HEADER, signature::header(secret, now.timestamp(), &bytes));
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key.as_str());
        }
        if has_body {
            request = request.header(CONTENT_TYPE, "application/json");
        }

        wolo_faultpoints::reach(call.leaves);
        let answer = self.guard.call(Box::pin(http::answer(request.body(bytes)))).await;
        wolo_faultpoints::reach(if answer.is_ok() { call.comes_back } else { call.is_lost });
        let Answer { status, body, .. } = answer?;
        Ok(Reply { status, body })
    }

    /// The address of a call; each segment is one path element.
    fn address(&self, segments: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        // An http(s) address always has path segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        url
    }
}

/// Where a process can be made to die round a call: before its bytes leave, with its answer read, and without one.
struct Call {
    leaves: &'static str,
    comes_back: &'static str,
    is_lost: &'static str,
}

impl Call {
    fn of(method: &Method) -> Self {
        if *method == Method::GET {
            Self { leaves: "asking", comes_back: "told", is_lost: "untold" }
        } else {
            Self { leaves: "sending", comes_back: "answered", is_lost: "unanswered" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(base_url: &str) -> WaveAccess {
        WaveAccess {
            base_url: base_url.parse().unwrap(),
            api_key: SecretString::from("wave_sn_test_key"),
            signing_secret: None,
            timeouts: Timeouts::total(Duration::from_secs(10)),
            at_once: 1,
            pause: Duration::from_secs(1),
        }
    }

    #[test]
    fn addresses_that_would_leak_the_key_are_refused() {
        for bad in [
            "http://api.wave.com",
            "ftp://api.wave.com",
            "https://user:pass@api.wave.com",
            "https://api.wave.com/?a=b",
            "https://api.wave.com/#x",
            "http://127.0.0.1.example.com",
            "http://0.0.0.0:80",
        ] {
            assert!(matches!(Wave::new(access(bad)), Err(WaveSetupError::Address)), "{bad}");
        }
        for good in
            ["https://api.wave.com", "http://127.0.0.1:4010", "http://localhost:1/wave", "http://[::1]:1"]
        {
            assert!(Wave::new(access(good)).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_without_being_shown() {
        let mut bad = access("https://api.wave.com");
        bad.api_key = SecretString::from("wave_sn\nX-Evil: 1");
        let error = Wave::new(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Evil"));
    }

    #[test]
    fn a_prefix_in_the_address_is_kept() {
        for (base, expected) in [
            ("https://api.wave.com", "https://api.wave.com/v1/payout/pt-1"),
            ("https://api.wave.com/", "https://api.wave.com/v1/payout/pt-1"),
            ("http://localhost:9/wave", "http://localhost:9/wave/v1/payout/pt-1"),
            ("http://localhost:9/wave/", "http://localhost:9/wave/v1/payout/pt-1"),
        ] {
            let wave = Wave::new(access(base)).unwrap();
            assert_eq!(wave.address(&["payout", "pt-1"]).as_str(), expected);
        }
    }

    #[test]
    fn an_id_that_would_address_something_else_is_not_sent() {
        for bad in ["", ".", "..", "a/b", "a?b", "a%2Fb", "é", &"a".repeat(65)] {
            assert_eq!(identifier(bad).unwrap_err().refusal(), Some("invalid-identifier"), "{bad}");
        }
        assert_eq!(identifier("cos-1wolo_0001").unwrap(), "cos-1wolo_0001");
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut open = access("https://api.wave.com");
        open.signing_secret = Some(SecretString::from("wave_sn_AKS_x"));
        let wave = Wave::new(open).unwrap();
        let shown = format!("{wave:?}");
        assert!(!shown.contains("wave_sn_test_key") && !shown.contains("AKS"), "{shown}");
    }
}
