//! Identity tokens: Google's, Apple's, and those of Facebook's Limited Login.
//!
//! All are checked by the same code; what differs stands in three places: who issues them and for whom (the settings),
//! how the nonce may look, and for which mail addresses the provider answers.

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use reqwest::Client;
use serde::Deserialize;
use wolo_domain::accounts::IdentityProvider;
use wolo_domain::contacts::Email;

use super::keys::Keys;
use super::{AHEAD_SECONDS, BEHIND_SECONDS, IdTokenAccess, Identity, ProofError, Refused, is_name};
use crate::guard::Guard;
use crate::http::Answer;
use crate::private::Private;

/// Theirs are a quarter of it.
const LONGEST: usize = 8192;

/// Checks the identity tokens of one provider.
#[derive(Debug)]
pub struct IdTokens {
    provider: IdentityProvider,
    keys: Keys,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    #[expect(
        dead_code,
        reason = "whom it names is checked before; that it is one text, and not several, is all that is read"
    )]
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Said>,
    /// The organisation whose mailbox it is, at Google.
    hd: Option<String>,
    name: Option<String>,
}

/// Apple writes what is true in two ways.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Truth(bool),
    Text(String),
}

impl Said {
    fn is_true(&self) -> bool {
        match self {
            Self::Truth(truth) => *truth,
            Self::Text(text) => text == "true",
        }
    }
}

impl IdTokens {
    pub(super) fn new(
        provider: IdentityProvider,
        access: IdTokenAccess,
        http: Client,
        guard: Guard<Answer>,
    ) -> Self {
        // Which algorithm a token is signed with is never the token's to say.
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        validation.set_issuer(&access.issuers);
        validation.set_audience(&access.client_ids);
        // Times are read by the caller's clock, like the one that the library does not look at.
        validation.validate_exp = false;
        Self { provider, keys: Keys::new(http, guard, access.keys), validation }
    }

    pub(super) fn guard(&self) -> &Guard<Answer> {
        self.keys.guard()
    }

    /// Who the token names, if it is the provider's, for us, good now, and made for this nonce.
    pub async fn verify(&self, token: &str, nonce: &str, now: DateTime<Utc>) -> Result<Identity, ProofError> {
        let name = key_name(token)?;
        let key = self.keys.key(&name, now).await?.ok_or(Refused::UnknownKey)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation)
            .map_err(|error| refused(error.kind()))?
            .claims;
        if claims.exp <= now.timestamp().saturating_sub(BEHIND_SECONDS) {
            return Err(Refused::Expired.into());
        }
        if claims.iat > now.timestamp().saturating_add(AHEAD_SECONDS) {
            return Err(Refused::FromTheFuture.into());
        }
        if !self.is_made_for(nonce, claims.nonce.as_deref()) {
            return Err(Refused::Nonce.into());
        }
        if !is_name(&claims.sub) {
            return Err(Refused::Unreadable.into());
        }
        tracing::debug!(provider = self.provider.as_str(), issuer = claims.iss, "an identity token is good");
        Ok(Identity {
            provider: self.provider,
            proved_email: self.proved_email(&claims),
            subject: claims.sub,
            name: claims.name.map(Private::new),
        })
    }

    /// Apps for Apple's devices give Apple the hash of the nonce and keep the nonce to themselves.
    fn is_made_for(&self, nonce: &str, carried: Option<&str>) -> bool {
        let hash = || hex::encode(digest::digest(&digest::SHA256, nonce.as_bytes()));
        !nonce.is_empty()
            && carried.is_some_and(|carried| {
                carried == nonce || (self.provider == IdentityProvider::Apple && carried == hash())
            })
    }

    /// The address, if it is the provider's to answer for: its own mailboxes, or those of organisations that it runs. An
    /// address elsewhere may have changed hands since the provider looked, and Facebook does not say whether it did.
    fn proved_email(&self, claims: &Claims) -> Option<Email> {
        let verified = claims.email_verified.as_ref().is_some_and(Said::is_true);
        let email: Email = claims.email.as_ref().filter(|_| verified)?.parse().ok()?;
        let answers_for_it = match self.provider {
            IdentityProvider::Google => claims.hd.is_some() || email.reveal().ends_with("@gmail.com"),
            IdentityProvider::Apple => APPLES.iter().any(|domain| email.reveal().ends_with(domain)),
            IdentityProvider::Facebook => false,
        };
        answers_for_it.then_some(email)
    }
}

/// Whose mailboxes Apple runs.
const APPLES: [&str; 4] = ["@icloud.com", "@me.com", "@mac.com", "@privaterelay.appleid.com"];

/// The name of the key, from a header that asks for nothing unusual. The header is read before anything is proved, so it
/// decides nothing but this: an algorithm, a key or an address of a key in it is not looked at.
fn key_name(token: &str) -> Result<String, Refused> {
    if token.len() > LONGEST {
        return Err(Refused::Unreadable);
    }
    let header: Header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Unreadable)?;
    if header.alg != Algorithm::RS256 {
        return Err(Refused::Algorithm);
    }
    // Another type is another kind of token, and what is critical in it we do not know.
    let plain = header.typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT")) && header.crit.is_none();
    header.kid.filter(|name| plain && is_name(name)).ok_or(Refused::Unreadable)
}

fn refused(kind: &ErrorKind) -> Refused {
    match kind {
        ErrorKind::InvalidAlgorithm => Refused::Algorithm,
        ErrorKind::InvalidSignature => Refused::Signature,
        ErrorKind::InvalidIssuer => Refused::Issuer,
        ErrorKind::InvalidAudience => Refused::Audience,
        _ => Refused::Unreadable,
    }
}
