//! The one place that builds an HTTP client.
//!
//! A provider's reply is input from a stranger. So: every call ends in a time that the caller chose, no redirect is
//! followed (it would carry our key to another host), no proxy is taken from the environment, nothing is repeated
//! behind our back, and a body larger than [`BODY_LIMIT`] is dropped unread.

use std::time::Duration;

use reqwest::{Client, Response, redirect, retry};

use crate::wire::ProviderError;

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

/// Reads a body up to [`BODY_LIMIT`]; stops at the first byte beyond it, or before the first when its length says so.
pub(crate) async fn body(mut response: Response) -> Result<Vec<u8>, ProviderError> {
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
