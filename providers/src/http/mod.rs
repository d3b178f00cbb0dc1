//! The one place that builds an HTTP client.
//!
//! A provider's reply is input from a stranger. So: every call ends in a time that the caller chose, no redirect is
//! followed (it would carry our key to another host), no proxy is taken from the environment, nothing is repeated
//! behind our back, and a body larger than [`BODY_LIMIT`] is dropped unread.

mod traced;

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, HeaderValue, InvalidHeaderValue};
use reqwest::{Client, RequestBuilder, Response, redirect, retry};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Host, Url};

use crate::wire::{ProviderError, retry_after};

/// Largest reply body that is read: 1 MiB. A page of a thousand statement lines is about 700 kB.
pub const BODY_LIMIT: usize = 1024 * 1024;

const USER_AGENT: &str = concat!("wolo/", env!("CARGO_PKG_VERSION"));

/// How long one call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To have a connection, TLS included.
    pub connect: Duration,
    /// For the whole call, from the first byte sent to the last byte read.
    pub total: Duration,
}

impl Timeouts {
    /// A total, with a third of it for connecting but never more than five seconds.
    pub fn total(total: Duration) -> Self {
        Self { connect: (total / 3).min(Duration::from_secs(5)), total }
    }
}

/// The TLS machinery of this system (its trusted certificates, most often) is not usable.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up")]
pub struct HttpSetupError(#[source] reqwest::Error);

/// A client under the rules of this module. Build one per provider and clone it: it holds a connection pool.
pub fn client(timeouts: Timeouts) -> Result<Client, HttpSetupError> {
    Client::builder()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.total)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .user_agent(USER_AGENT)
        .build()
        .map_err(HttpSetupError)
}

/// Whether a secret may be sent there: https, or plain http to this machine, and nothing in the address but where it is.
pub(crate) fn is_safe_address(url: &Url) -> bool {
    let this_machine = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => return false,
    };
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && this_machine);
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    scheme && bare
}

/// What a server answered, with its whole body (at most 1 MiB). A pause that it asks for is counted from its answer, and not from
/// the question, which may have been on its way for long.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A 2xx or 4xx answer, or what any other means for the caller.
pub(crate) async fn answer(request: RequestBuilder) -> Result<Answer, ProviderError> {
    let response = traced::send(request).await.map_err(ProviderError::transport)?;
    // Their own trouble is told by the status alone; such a body is often a proxy's page.
    match judged(response.status().as_u16(), response.headers(), Utc::now()) {
        Some(error) => Err(error),
        None => whole(response).await,
    }
}

/// Any answer, for providers whose bodies say more than their statuses. Whoever reads one in vain has [`judged`] left.
pub(crate) async fn exchange(request: RequestBuilder) -> Result<Answer, ProviderError> {
    whole(traced::send(request).await.map_err(ProviderError::transport)?).await
}

/// An answer of which `failure` says what went wrong, if anything did.
pub(crate) async fn read(
    request: RequestBuilder,
    failure: fn(&Answer, DateTime<Utc>) -> Option<ProviderError>,
) -> Result<Answer, ProviderError> {
    let answer = exchange(request).await?;
    match failure(&answer, Utc::now()) {
        Some(error) => Err(error),
        None => Ok(answer),
    }
}

/// What a status means by itself; nothing for a success, and for a refusal of which only the body can say more.
pub(crate) fn judged(status: u16, headers: &HeaderMap, now: DateTime<Utc>) -> Option<ProviderError> {
    match status {
        200..=299 | 400..=407 | 409..=428 | 430..=499 => None,
        408 | 500..=599 => Some(ProviderError::trouble(status)),
        429 => {
            let header = headers.get("retry-after").and_then(|value| value.to_str().ok());
            Some(ProviderError::Throttled { retry_after: retry_after(header, now) })
        }
        _ => Some(ProviderError::unexpected(
            "neither a success nor an error; redirects are not followed",
            Some(status),
        )),
    }
}

/// `Bearer …`, which no log shows.
pub(crate) fn bearer(key: &SecretString) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// `Basic …`, which no log shows either; nothing for a name that cannot be told from its secret.
pub(crate) fn basic(name: &str, secret: &SecretString) -> Option<HeaderValue> {
    if name.is_empty() || name.contains(':') || secret.expose_secret().is_empty() {
        return None;
    }
    let encoded = STANDARD.encode(format!("{name}:{}", secret.expose_secret()));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn whole(mut response: Response) -> Result<Answer, ProviderError> {
    let headers = std::mem::take(response.headers_mut());
    Ok(Answer { status: response.status().as_u16(), headers, body: body(response).await? })
}

/// Reads a body up to [`BODY_LIMIT`]; stops at the first byte beyond it, or before the first when its length says so.
async fn body(mut response: Response) -> Result<Vec<u8>, ProviderError> {
    let status = response.status().as_u16();
    let too_large = || ProviderError::unexpected("the body is larger than 1 MiB", Some(status));
    if response.content_length().is_some_and(|length| length > BODY_LIMIT as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ProviderError::transport)? {
        if bytes.len() + chunk.len() > BODY_LIMIT {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
