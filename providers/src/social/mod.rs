//! Taking another provider's word for who somebody is: Google's, Apple's, Facebook's.
//!
//! Two kinds of proof come from apps. An identity token is checked here with the provider's public keys
//! ([`IdTokens`]); an access token of Facebook's says nothing by itself, so Facebook is asked about it ([`Graph`]). What
//! comes of either is an [`Identity`]: the provider's own name for the person, which never changes hands, and a mail
//! address only if the provider answers for it.
//!
//! This module refuses to know anybody by their address, to follow an address that stands in a token, and to tell the
//! one who showed a proof what is wrong with it. It cannot tell a proof that is shown for the first time from one that is
//! shown again: whoever calls gives out nonces, and takes each once.

mod graph;
mod id_tokens;
mod keys;

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use tower_resilience_circuitbreaker::CircuitBreakerConfigError;
use url::Url;
use wolo_domain::accounts::IdentityProvider;
use wolo_domain::contacts::Email;

use crate::guard::{BreakerState, Guard};
use crate::http::{self, HttpSetupError, Timeouts};
use crate::private::Private;
use crate::wire::ProviderError;

pub use graph::{Graph, Shown};
pub use id_tokens::IdTokens;

/// How long one call may take. Somebody waits at the other end.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How far a provider's clock and ours may be apart where a proof begins: five minutes, as Google's own library allows.
const AHEAD_SECONDS: i64 = 300;
/// The same where it ends.
const BEHIND_SECONDS: i64 = 60;

/// Somebody, as a provider knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub provider: IdentityProvider,
    /// The provider's own name for the person: 1 to 255 visible ASCII characters.
    pub subject: String,
    /// Only an address that the provider answers for. One that it merely repeats is dropped, so that nobody can take it
    /// for more.
    pub proved_email: Option<Email>,
    pub name: Option<Private<String>>,
}

/// What is wrong with a proof. What to tell whoever showed it is the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it cannot be read")]
    Unreadable,
    #[error("it is signed with another algorithm than the provider's")]
    Algorithm,
    #[error("the provider has no such key")]
    UnknownKey,
    #[error("the signature does not match")]
    Signature,
    #[error("somebody else issued it")]
    Issuer,
    #[error("it was made for somebody else")]
    Audience,
    #[error("it has expired")]
    Expired,
    #[error("it is from the future")]
    FromTheFuture,
    #[error("it does not carry the nonce that was shown with it")]
    Nonce,
    #[error("the provider says that it is not good")]
    NotGood,
    #[error("it names two different people")]
    Subject,
}

/// Why nobody is known by a proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the proof is not accepted")]
    Refused(#[from] Refused),
    /// Nothing is known about the proof; it may be shown again.
    #[error("the provider does not help to check the proof")]
    Provider(#[from] ProviderError),
}

/// How a provider's identity tokens are known.
#[derive(Debug, Clone)]
pub struct IdTokenAccess {
    /// How it calls itself in them.
    pub issuers: Vec<String>,
    /// How it calls our apps.
    pub client_ids: Vec<String>,
    /// Where its public keys are.
    pub keys: Url,
}

/// Our app at Facebook.
#[derive(Debug, Clone)]
pub struct FacebookAccess {
    pub id_tokens: IdTokenAccess,
    pub app_id: String,
    pub app_secret: SecretString,
    /// The Graph API, with its version: `https://graph.facebook.com/v25.0`.
    pub graph: Url,
}

/// The providers whose word is taken. One that is absent is off.
#[derive(Debug, Clone)]
pub struct SocialAccess {
    pub google: Option<IdTokenAccess>,
    pub apple: Option<IdTokenAccess>,
    pub facebook: Option<FacebookAccess>,
    pub timeouts: Timeouts,
    /// No more calls than this are under way at once, to each of them.
    pub at_once: usize,
    /// How long no call is made to one of them after five in a row have failed.
    pub pause: Duration,
}

/// Why a [`Social`] could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SocialSetupError {
    #[error(
        "the address of {} must be https (plain http only to this machine), without a user, query or fragment",
        .0.name()
    )]
    Address(IdentityProvider),
    #[error("the client for identity providers could not be set up")]
    Http(#[from] HttpSetupError),
    #[error("the guard before an identity provider could not be set up")]
    Guard(#[from] CircuitBreakerConfigError),
}

/// All providers whose word is taken.
#[derive(Debug)]
pub struct Social {
    id_tokens: BTreeMap<IdentityProvider, IdTokens>,
    graph: Option<Graph>,
}

impl Social {
    pub fn new(access: SocialAccess) -> Result<Self, SocialSetupError> {
        use IdentityProvider::{Apple, Facebook, Google};

        let http = http::client(access.timeouts)?;
        let mut social = Self { id_tokens: BTreeMap::new(), graph: None };
        let facebooks_tokens = access.facebook.as_ref().map(|facebook| facebook.id_tokens.clone());
        for (provider, one) in [(Google, access.google), (Apple, access.apple), (Facebook, facebooks_tokens)]
        {
            let Some(one) = one else { continue };
            if !http::is_safe_address(&one.keys) {
                return Err(SocialSetupError::Address(provider));
            }
            let guard = Guard::new(provider.as_str(), access.at_once, access.pause)?;
            social.id_tokens.insert(provider, IdTokens::new(provider, one, http.clone(), guard));
        }
        if let (Some(facebook), Some(id_tokens)) = (access.facebook, social.id_tokens.get(&Facebook)) {
            if !http::is_safe_address(&facebook.graph) {
                return Err(SocialSetupError::Address(Facebook));
            }
            social.graph = Some(Graph::new(facebook, http, id_tokens.guard()));
        }
        Ok(social)
    }

    /// Checks a provider's identity tokens, where it is on.
    pub fn id_tokens(&self, provider: IdentityProvider) -> Option<&IdTokens> {
        self.id_tokens.get(&provider)
    }

    /// Asks Facebook about its access tokens, where it is on. Nobody else's are taken.
    pub fn graph(&self) -> Option<&Graph> {
        self.graph.as_ref()
    }

    /// Whether calls are let through, to each that is on.
    pub fn breakers(&self) -> impl Iterator<Item = (IdentityProvider, BreakerState)> {
        self.id_tokens.iter().map(|(provider, id_tokens)| (*provider, id_tokens.guard().state()))
    }
}

/// Whether a text is a name that a provider may give to a person, or to a key.
fn is_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(keys: &str, graph: &str) -> SocialAccess {
        let id_tokens = IdTokenAccess {
            issuers: vec!["https://www.facebook.com".to_owned()],
            client_ids: vec!["1".to_owned()],
            keys: keys.parse().unwrap(),
        };
        SocialAccess {
            google: None,
            apple: None,
            facebook: Some(FacebookAccess {
                id_tokens,
                app_id: "1".to_owned(),
                app_secret: SecretString::from("s3cret"),
                graph: graph.parse().unwrap(),
            }),
            timeouts: Timeouts::total(PATIENCE),
            at_once: 1,
            pause: Duration::from_secs(1),
        }
    }

    #[test]
    fn an_address_that_would_leak_the_secret_is_refused() {
        let (good, bad) = ("https://graph.facebook.com/v25.0", "http://graph.facebook.com/v25.0");
        for (keys, graph) in [(good, bad), (bad, good)] {
            let refused = Social::new(access(keys, graph));
            assert!(matches!(refused, Err(SocialSetupError::Address(IdentityProvider::Facebook))));
        }
        assert!(Social::new(access(good, good)).is_ok());
    }

    #[test]
    fn debug_shows_no_secret_and_nobodys_name() {
        let good = "https://graph.facebook.com/v25.0";
        let social = Social::new(access(good, good)).unwrap();
        let awa = Identity {
            provider: IdentityProvider::Facebook,
            subject: "1".to_owned(),
            proved_email: "awa@example.sn".parse().ok(),
            name: Some("Awa".into()),
        };
        let shown = format!("{social:?} {awa:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("Awa") && !shown.contains("awa@"), "{shown}");
    }
}
