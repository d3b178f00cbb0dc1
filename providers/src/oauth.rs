//! Access tokens that a provider gives for our credentials (OAuth 2): asked for when one is needed, kept until shortly
//! before its end, and asked for once more when the provider does not take one that should be good.
//!
//! Whatever goes wrong while a token is asked for, the call that needed it was not sent, and its error says so. A token
//! is held in memory, and shown to nobody.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::guard::BreakerState;
use crate::http::{self, Answer};
use crate::messages::HttpApi;
use crate::private::Private;
use crate::wire::{ProviderError, Sent, is_code};

/// Asks a provider for access tokens.
pub(crate) trait Issuer: Send + Sync {
    /// How long before its end a token is not used any more.
    const EARLY: TimeDelta;

    /// Where it is asked, behind the guard of that place.
    fn api(&self) -> &HttpApi;

    /// The request for one.
    fn question(&self, now: DateTime<Utc>) -> Result<RequestBuilder, ProviderError>;
}

struct Kept {
    header: HeaderValue,
    good_until: DateTime<Utc>,
}

/// A provider's interface, to those who bear a token.
pub(crate) struct Authorized<I> {
    api: HttpApi,
    issuer: I,
    /// Held while somebody asks: nobody asks twice at once.
    kept: Mutex<Option<Kept>>,
    /// How often we have asked in vain.
    in_vain: AtomicU64,
}

impl<I> fmt::Debug for Authorized<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorized({:?})", self.api)
    }
}

impl<I: Issuer> Authorized<I> {
    pub(crate) fn new(api: HttpApi, issuer: I) -> Self {
        Self { api, issuer, kept: Mutex::default(), in_vain: AtomicU64::new(0) }
    }

    pub(crate) fn breaker(&self) -> BreakerState {
        self.api.breaker()
    }

    pub(crate) fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        self.api.request(method, segments)
    }

    pub(crate) fn request_escaped(&self, method: Method, path: &str) -> RequestBuilder {
        self.api.request_escaped(method, path)
    }

    /// Makes a call with a token. `failure` says what of an answer went wrong; one with the status 401 of which it says
    /// nothing is about the token: nothing was done, and the call is made once more with a new one.
    pub(crate) async fn call(
        &self,
        request: RequestBuilder,
        failure: fn(&Answer, DateTime<Utc>) -> Option<ProviderError>,
        now: DateTime<Utc>,
    ) -> Result<Answer, ProviderError> {
        let again = request.try_clone();
        let token = self.token(now).await?;
        let bearing =
            |request: RequestBuilder, token| http::read(request.header(AUTHORIZATION, token), failure);
        let answer = self.api.call(bearing(request, &token)).await?;
        let (401, Some(again)) = (answer.status, again) else { return Ok(answer) };
        self.forget(&token).await;
        let token = self.token(now).await?;
        match self.api.call(bearing(again, &token)).await? {
            Answer { status: 401, .. } => Err(unauthorized()),
            answer => Ok(answer),
        }
    }

    async fn token(&self, now: DateTime<Utc>) -> Result<HeaderValue, ProviderError> {
        let before = self.in_vain.load(Ordering::Acquire);
        let mut kept = self.kept.lock().await;
        if let Some(Kept { header, .. }) = kept.as_ref().filter(|kept| now < kept.good_until) {
            return Ok(header.clone());
        }
        if self.in_vain.load(Ordering::Acquire) != before {
            // Whoever waited while another asked in vain has their answer: it would be the same.
            return Err(ProviderError::Unreachable { sent: Sent::No, status: None, source: None });
        }
        match self.ask(now).await {
            Ok(fresh) => Ok(kept.insert(fresh).header.clone()),
            Err(error) => {
                self.in_vain.fetch_add(1, Ordering::Release);
                Err(nothing_was_sent(error))
            }
        }
    }

    async fn forget(&self, token: &HeaderValue) {
        // Another may have renewed it already.
        self.kept.lock().await.take_if(|kept| kept.header == token);
    }

    async fn ask(&self, now: DateTime<Utc>) -> Result<Kept, ProviderError> {
        let request = self.issuer.question(now)?;
        let answer = self.issuer.api().call(http::answer(request)).await?;
        let granted = granted(&answer)?;
        let header = http::bearer(&granted.access_token)
            .map_err(|_| unexpected(&answer, "a token that no header can carry"))?;
        let good_until = now + TimeDelta::seconds(granted.expires_in.0.into()) - I::EARLY;
        Ok(Kept { header, good_until })
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: Seconds,
}

/// Some write them as text.
#[derive(Deserialize)]
#[serde(try_from = "Written")]
struct Seconds(u32);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u32),
    Text(String),
}

impl TryFrom<Written> for Seconds {
    type Error = std::num::ParseIntError;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Number(seconds) => Ok(Self(seconds)),
            Written::Text(text) => text.parse().map(Self),
        }
    }
}

#[derive(Deserialize)]
struct Denied {
    error: String,
    #[serde(default)]
    error_description: String,
}

fn granted(answer: &Answer) -> Result<Granted, ProviderError> {
    if (200..=299).contains(&answer.status) {
        // serde's own words could quote the token.
        return serde_json::from_slice(&answer.body).map_err(|_| unexpected(answer, "it holds no token"));
    }
    let denied = serde_json::from_slice(&answer.body).ok().filter(|denied: &Denied| is_code(&denied.error));
    match denied {
        Some(Denied { error, error_description }) => Err(ProviderError::Refused {
            code: error,
            message: Private::new(error_description),
            status: answer.status,
        }),
        None if answer.status == 401 => {
            Err(ProviderError::Refused { code: "unauthorized".to_owned(), message: "".into(), status: 401 })
        }
        None => Err(unexpected(answer, "neither a token nor a reason why there is none")),
    }
}

/// A 401 without a reason.
fn unauthorized() -> ProviderError {
    ProviderError::Refused { code: "unauthorized".to_owned(), message: "".into(), status: 401 }
}

fn unexpected(answer: &Answer, what: &str) -> ProviderError {
    ProviderError::unexpected(what, Some(answer.status))
}

/// What could not be asked for, or not be read, was a token and no message.
fn nothing_was_sent(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Unreachable { status, source, .. } => {
            ProviderError::Unreachable { sent: Sent::No, status, source }
        }
        ProviderError::Unexpected { what, status } => {
            tracing::warn!(what, "what came for an access token is none");
            ProviderError::Unreachable { sent: Sent::No, status, source: None }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_tokens_life_is_read_as_a_number_and_as_text() {
        for written in ["3600", r#""3600""#] {
            let body = format!(r#"{{"token_type":"Bearer","access_token":"t","expires_in":{written}}}"#);
            assert_eq!(granted(&answer(200, &body)).unwrap().expires_in.0, 3600);
        }
    }

    #[test]
    fn a_refused_token_carries_its_code() {
        for (status, body, code) in [
            (401, r#"{"error":"invalid_client","error_description":"d"}"#, "invalid_client"),
            (400, r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            (401, "<html>", "unauthorized"),
        ] {
            assert_eq!(granted(&answer(status, body)).err().unwrap().refusal(), Some(code));
        }
    }

    #[test]
    fn nothing_that_goes_wrong_with_a_token_leaves_a_message_in_doubt() {
        for (status, body) in [
            (200, "{}"),
            (200, r#"{"access_token":"t","expires_in":"soon"}"#),
            (403, "<html>a proxy</html>"),
            (400, r#"{"error":"+221770000001"}"#),
        ] {
            let error = granted(&answer(status, body)).err().unwrap();
            assert!(error.may_have_happened());
            assert!(!nothing_was_sent(error).may_have_happened(), "{body}");
        }
        assert!(!nothing_was_sent(ProviderError::trouble(503)).may_have_happened());
    }
}
