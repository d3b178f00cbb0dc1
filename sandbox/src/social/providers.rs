//! What the providers have: keys, access tokens, and their bad days.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use wolo_domain::accounts::IdentityProvider;

use super::graph::AccessToken;
use super::keys::Key;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    Keys(IdentityProvider),
    DebugToken,
    Me,
    /// Keys at an address that a token names and no provider does. Whoever asks for them believes a stranger.
    StrangersKeys,
}

/// How a provider answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// As it should.
    #[default]
    None,
    /// 503.
    Down,
    /// Not at all, until the trouble is another.
    Silent,
    /// That it is asked too often.
    TooOften,
    /// With something that is no answer.
    Nonsense,
}

#[derive(Debug)]
pub(super) struct Providers {
    url: String,
    /// How often each has changed its key.
    rotations: Mutex<BTreeMap<IdentityProvider, u32>>,
    pub(super) access_tokens: Mutex<HashMap<String, AccessToken>>,
    trouble: watch::Sender<BTreeMap<IdentityProvider, Trouble>>,
    calls: Mutex<BTreeMap<Endpoint, u64>>,
}

/// Nothing is changed halfway under these locks, so a panic elsewhere has not left half of anything.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Providers {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            rotations: Mutex::default(),
            access_tokens: Mutex::default(),
            trouble: watch::Sender::new(BTreeMap::new()),
            calls: Mutex::default(),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn keys_url(&self, provider: IdentityProvider) -> String {
        format!("{}/{}/keys", self.url, provider.as_str())
    }

    /// The key that a provider signs with.
    pub(super) fn key(&self, provider: IdentityProvider) -> Key {
        Key::of(provider, self.turn(provider))
    }

    /// The keys that a provider publishes, the newest first.
    pub(super) fn published(&self, provider: IdentityProvider) -> Vec<Key> {
        let turn = self.turn(provider);
        (turn.saturating_sub(1)..=turn).rev().map(|turn| Key::of(provider, turn)).collect()
    }

    fn turn(&self, provider: IdentityProvider) -> u32 {
        locked(&self.rotations).get(&provider).copied().unwrap_or_default()
    }

    pub(super) fn rotate(&self, provider: IdentityProvider) {
        *locked(&self.rotations).entry(provider).or_default() += 1;
    }

    pub(super) fn set_trouble(&self, provider: IdentityProvider, trouble: Trouble) {
        self.trouble.send_modify(|all| {
            all.insert(provider, trouble);
        });
    }

    pub(super) fn trouble(&self, provider: IdentityProvider) -> Trouble {
        self.trouble.borrow().get(&provider).copied().unwrap_or_default()
    }

    /// The answer of a provider that has a bad day, if it has one. A silent one is waited for.
    pub(super) async fn bad_day(&self, provider: IdentityProvider) -> Option<Response> {
        let mut troubles = self.trouble.subscribe();
        let of = |all: &BTreeMap<_, _>| all.get(&provider).copied().unwrap_or_default();
        // The sender lives as long as this does.
        let _ = troubles.wait_for(|all| of(all) != Trouble::Silent).await;
        let trouble = of(&troubles.borrow());
        match trouble {
            Trouble::None | Trouble::Silent => None,
            Trouble::Down => {
                Some((StatusCode::SERVICE_UNAVAILABLE, "<html>back soon</html>").into_response())
            }
            Trouble::TooOften => {
                Some((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response())
            }
            Trouble::Nonsense => Some("<html>welcome to our network</html>".into_response()),
        }
    }

    pub(super) fn count(&self, endpoint: Endpoint) {
        *locked(&self.calls).entry(endpoint).or_default() += 1;
    }

    pub(super) fn calls(&self, endpoint: Endpoint) -> u64 {
        locked(&self.calls).get(&endpoint).copied().unwrap_or_default()
    }
}
