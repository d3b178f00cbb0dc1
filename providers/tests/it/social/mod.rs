//! No proof is taken but a good one, and no address is believed that a provider does not answer for.

mod graph;
mod keys;
mod tokens;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use wolo_domain::accounts::IdentityProvider::{self, Apple, Facebook, Google};
use wolo_providers::http::Timeouts;
use wolo_providers::social::{
    FacebookAccess, IdTokenAccess, Identity, PATIENCE, ProofError, Refused, Social, SocialAccess,
};
use wolo_sandbox::social::{self as emulator, APP_ID, APP_SECRET, Endpoint, Order, Person};

pub(crate) const NONCE: &str = "a-nonce-of-ours";

pub(crate) struct Setting {
    pub(crate) emulator: emulator::Social,
    pub(crate) social: Social,
}

impl Setting {
    pub(crate) async fn start() -> Self {
        let emulator = emulator::Social::start(0).await.unwrap();
        let social = Social::new(access(&emulator)).unwrap();
        Self { emulator, social }
    }

    pub(crate) async fn verify(&self, order: &Order, now: DateTime<Utc>) -> Result<Identity, ProofError> {
        let token = self.emulator.id_token(order);
        self.social.id_tokens(order.provider).unwrap().verify(&token, NONCE, now).await
    }

    pub(crate) fn keys_asked(&self, provider: IdentityProvider) -> u64 {
        self.emulator.calls(Endpoint::Keys(provider))
    }
}

pub(crate) fn access(emulator: &emulator::Social) -> SocialAccess {
    let id_tokens = |provider: IdentityProvider, issuers: &[&str]| IdTokenAccess {
        issuers: issuers.iter().map(ToString::to_string).collect(),
        client_ids: vec!["another-of-ours".to_owned(), emulator::client_id(provider).to_owned()],
        keys: emulator.keys_url(provider).parse().unwrap(),
    };
    SocialAccess {
        google: Some(id_tokens(Google, &["https://accounts.google.com", "accounts.google.com"])),
        apple: Some(id_tokens(Apple, &["https://appleid.apple.com", "https://account.apple.com"])),
        facebook: Some(FacebookAccess {
            id_tokens: id_tokens(Facebook, &["https://www.facebook.com"]),
            app_id: APP_ID.to_owned(),
            app_secret: SecretString::from(APP_SECRET),
            graph: emulator.graph_url().parse().unwrap(),
        }),
        timeouts: Timeouts::total(PATIENCE),
        at_once: 16,
        pause: std::time::Duration::from_secs(1),
    }
}

pub(crate) fn order(provider: IdentityProvider) -> Order {
    Order::new(provider, &Person::fresh("Awa Ndiaye"), NONCE)
}

/// A token that outlives whatever is tried with the keys.
pub(crate) fn lasting(provider: IdentityProvider) -> Order {
    order(provider).claim("exp", (Utc::now() + TimeDelta::days(30)).timestamp())
}

pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, ProofError>) -> Refused {
    match outcome.unwrap_err() {
        ProofError::Refused(why) => why,
        ProofError::Provider(error) => panic!("{error:?}"),
    }
}
