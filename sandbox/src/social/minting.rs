//! Identity tokens, written by hand: a library would refuse to write the bad ones.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wolo_domain::accounts::IdentityProvider;

use super::client_id;
use super::keys::Key;
use super::people::Person;
use super::providers::Providers;

/// How long a token is good, in seconds.
const LIVES: i64 = 3600;

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Made for another app.
    WrongAudience,
    /// Made for ours and another one.
    SeveralAudiences,
    /// Issued by nobody we know.
    WrongIssuer,
    /// The provider's own signature under another provider's name.
    MixedUpIssuer,
    Expired,
    FromTheFuture,
    WrongNonce,
    NoNonce,
    /// Signed with a key that the provider never published.
    UnknownKey,
    /// The same, under the name of one that it did.
    ForgedKey,
    /// The same, with the key itself and an address of it in the header.
    KeyInHeader,
    /// Another person was put in after it was signed.
    Tampered,
    /// `alg: none`, and no signature.
    Unsigned,
    /// HS256, with the public key for a secret.
    PublicKeyAsSecret,
    /// An access token, which is a JWT too.
    OtherType,
    /// With an extension that must be understood.
    Critical,
    /// The provider has not seen that the person reads there.
    UnverifiedEmail,
}

impl Flaw {
    /// Those for which a token is refused. With [`Flaw::UnverifiedEmail`] it is good, and says less.
    pub const FATAL: [Self; 16] = [
        Self::WrongAudience,
        Self::SeveralAudiences,
        Self::WrongIssuer,
        Self::MixedUpIssuer,
        Self::Expired,
        Self::FromTheFuture,
        Self::WrongNonce,
        Self::NoNonce,
        Self::UnknownKey,
        Self::ForgedKey,
        Self::KeyInHeader,
        Self::Tampered,
        Self::Unsigned,
        Self::PublicKeyAsSecret,
        Self::OtherType,
        Self::Critical,
    ];
}

/// A token that is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub provider: IdentityProvider,
    pub person: Person,
    /// As it is to stand in the token.
    pub nonce: String,
    #[serde(default)]
    pub flaw: Option<Flaw>,
    /// Claims over those that it would have. One that is null is left out.
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl Order {
    pub fn new(provider: IdentityProvider, person: &Person, nonce: &str) -> Self {
        let (person, nonce) = (person.clone(), nonce.to_owned());
        Self { provider, person, nonce, flaw: None, claims: Map::new() }
    }

    #[must_use]
    pub fn flawed(self, flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }

    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }
}

pub(super) fn id_token(providers: &Providers, order: &Order) -> String {
    let key = providers.key(order.provider);
    let claims = claims(order);
    let mut header = json!({ "typ": "JWT", "alg": "RS256", "kid": key.name() });
    match order.flaw {
        Some(Flaw::UnknownKey) => {
            header["kid"] = json!("never-published");
            signed(&header, &claims, key.forged())
        }
        Some(Flaw::ForgedKey) => signed(&header, &claims, key.forged()),
        Some(Flaw::KeyInHeader) => {
            header["jwk"] = key.forged().published();
            header["jku"] = json!(format!("{}/stranger/keys", providers.url()));
            header["kid"] = json!("stranger");
            signed(&header, &claims, key.forged())
        }
        Some(Flaw::Tampered) => {
            let token = signed(&header, &claims, key);
            let mut parts: Vec<&str> = token.split('.').collect();
            let mut other = claims;
            other["sub"] = json!("somebody-else");
            let other = encoded(&other);
            parts[1] = &other;
            parts.join(".")
        }
        Some(Flaw::Unsigned) => {
            header["alg"] = json!("none");
            format!("{}.{}.", encoded(&header), encoded(&claims))
        }
        Some(Flaw::PublicKeyAsSecret) => {
            header["alg"] = json!("HS256");
            let message = format!("{}.{}", encoded(&header), encoded(&claims));
            let secret = hmac::Key::new(hmac::HMAC_SHA256, &key.public_bytes());
            let tag = hmac::sign(&secret, message.as_bytes());
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
        }
        Some(Flaw::OtherType) => {
            header["typ"] = json!("at+jwt");
            signed(&header, &claims, key)
        }
        Some(Flaw::Critical) => {
            header["crit"] = json!(["exp"]);
            signed(&header, &claims, key)
        }
        _ => signed(&header, &claims, key),
    }
}

fn claims(order: &Order) -> Value {
    let Order { provider, person, nonce, flaw, .. } = order;
    let is = |one: Flaw| *flaw == Some(one);
    let now = Utc::now().timestamp();
    let issued = match flaw {
        Some(Flaw::Expired) => now - 2 * LIVES,
        Some(Flaw::FromTheFuture) => now + LIVES,
        _ => now,
    };
    let audience = client_id(*provider);
    let mut claims = json!({
        "iss": provider.issuer(),
        "aud": audience,
        "sub": person.subject,
        "iat": issued,
        "exp": issued + LIVES,
        "nonce": nonce,
    });
    if is(Flaw::WrongAudience) {
        claims["aud"] = json!("somebody-elses-app");
    } else if is(Flaw::SeveralAudiences) {
        claims["aud"] = json!([audience, "somebody-elses-app"]);
    } else if is(Flaw::WrongIssuer) {
        claims["iss"] = json!("https://issuer.example");
    } else if is(Flaw::MixedUpIssuer) {
        let other = IdentityProvider::ALL.into_iter().find(|other| other != provider);
        claims["iss"] = json!(other.map(IdentityProvider::issuer));
    } else if is(Flaw::WrongNonce) {
        claims["nonce"] = json!(format!("{nonce}x"));
    }
    let verified = person.email_verified && !is(Flaw::UnverifiedEmail);
    if let Some(email) = &person.email {
        claims["email"] = json!(email);
    }
    match provider {
        IdentityProvider::Google => {
            claims["azp"] = json!(audience);
            claims["name"] = json!(person.name);
            claims["email_verified"] = json!(verified);
            claims["hd"] = json!(person.organisation);
        }
        // The name comes beside the token, once. What is true is often a text.
        IdentityProvider::Apple => {
            claims["email_verified"] = json!(verified.to_string());
            claims["nonce_supported"] = json!(true);
        }
        // Whether the address was ever looked at is not said.
        IdentityProvider::Facebook => {
            claims["name"] = json!(person.name);
            claims["jti"] = json!(uuid::Uuid::new_v4());
        }
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.extend(order.claims.clone());
        if is(Flaw::NoNonce) {
            claims.remove("nonce");
        }
        claims.retain(|_, value| !value.is_null());
    }
    claims
}

fn signed(header: &Value, claims: &Value, key: Key) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = key.sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}
