//! Google, Apple and Facebook on this machine, as far as they tell who somebody is.
//!
//! Each has its keys, published as the real ones publish theirs, and signs identity tokens with them: good ones, and ones
//! with a flaw that a verifier must find. Facebook also gives out access tokens and answers questions about them. Whoever
//! develops picks a person on a page and gets a token to paste.
//!
//! It issues under the providers' own names, so that nothing but the addresses of keys differs from the real world, and
//! nothing that it signs is worth anything where those are the real ones. It refuses to be anything but local, and asks
//! nobody for a password.
//!
//! | call | does |
//! |---|---|
//! | `GET /` | the page |
//! | `GET /{provider}/.well-known/openid-configuration` | where the provider's keys are |
//! | `GET /{provider}/keys` | the provider's public keys |
//! | `GET /facebook/graph/debug_token`, `/facebook/graph/me` | what Facebook says of an access token, and of its person |
//! | `POST /_sandbox/id-tokens` [`Order`] | makes an identity token, answers `{token}` |
//! | `POST /_sandbox/access-tokens` [`AccessOrder`] | makes an access token of Facebook's, answers `{token}` |
//! | `POST /_sandbox/{provider}/rotate` | the provider signs with a new key; the one before stays published |
//! | `POST /_sandbox/{provider}/trouble` [`Trouble`] | how the provider answers from now on |

mod graph;
mod keys;
mod minting;
mod pages;
mod people;
mod providers;

use std::sync::Arc;

use wolo_domain::accounts::IdentityProvider;

pub use graph::{AccessFlaw, AccessOrder};
pub use minting::{Flaw, Order};
pub use people::Person;
pub use providers::{Endpoint, Trouble};

use crate::serving::{Port, Serving};
use providers::Providers;

/// Our app at Facebook.
pub const APP_ID: &str = "221000000000001";
/// Its secret.
pub const APP_SECRET: &str = "sandbox-app-secret";

/// How a provider calls our app.
pub const fn client_id(provider: IdentityProvider) -> &'static str {
    match provider {
        IdentityProvider::Google => "wolo.apps.google.sandbox",
        IdentityProvider::Apple => "sn.wolo.sandbox",
        IdentityProvider::Facebook => APP_ID,
    }
}

/// Why the providers cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the identity providers cannot listen on port {port}")]
    Listen { port: u16, source: std::io::Error },
    #[error("the identity providers' page cannot be shown")]
    Page(#[from] minijinja::Error),
}

/// The running providers. Dropping it stops them, without waiting.
#[derive(Debug)]
pub struct Social {
    providers: Arc<Providers>,
    serving: Serving,
}

impl Social {
    /// Binds 127.0.0.1 and serves on a task of the caller's runtime. Port 0 picks a free one.
    pub async fn start(port: u16) -> Result<Self, Error> {
        let taken = Port::take(port).await.map_err(|source| Error::Listen { port, source })?;
        let providers = Arc::new(Providers::new(taken.url().to_owned()));
        let router = pages::router(Arc::clone(&providers))?;
        Ok(Self { providers, serving: taken.serve(router, "the identity providers") })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn url(&self) -> &str {
        self.serving.url()
    }

    /// Where a provider's keys are.
    pub fn keys_url(&self, provider: IdentityProvider) -> String {
        self.providers.keys_url(provider)
    }

    /// Where Facebook answers questions.
    pub fn graph_url(&self) -> String {
        format!("{}/facebook/graph", self.url())
    }

    /// Makes an identity token.
    pub fn id_token(&self, order: &Order) -> String {
        minting::id_token(&self.providers, order)
    }

    /// Makes an access token of Facebook's.
    pub fn access_token(&self, order: AccessOrder) -> String {
        graph::access_token(&self.providers, order)
    }

    /// The provider signs with a new key from now on. The one before stays published, older ones do not.
    pub fn rotate(&self, provider: IdentityProvider) {
        self.providers.rotate(provider);
    }

    /// How the provider answers from now on. What was held is let go by anything but [`Trouble::Silent`].
    pub fn trouble(&self, provider: IdentityProvider, trouble: Trouble) {
        self.providers.set_trouble(provider, trouble);
    }

    /// How often this was asked for.
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.providers.calls(endpoint)
    }

    /// Stops listening and lets open connections end.
    pub async fn shutdown(self) {
        for provider in IdentityProvider::ALL {
            self.trouble(provider, Trouble::None);
        }
        self.serving.shutdown().await;
    }
}
