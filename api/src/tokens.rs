//! Access tokens: short-lived JWTs (RFC 9068), signed with Ed25519.
//!
//! A token names a user, the session, and what the user is trusted with. Anything odd about one makes it no token at all: the caller learns only that
//! it is refused, never why.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_bootstrap::settings;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

/// Says that a JWT is an access token, so that no other kind passes for one.
const TYPE: &str = "at+jwt";

/// No token of ours comes near this.
const LONGEST: usize = 2048;

/// Why tokens cannot be made or checked. The key stays out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the signing key is not an Ed25519 key in PKCS#8 and PEM")]
    Key,
    #[error("the token could not be signed")]
    Sign,
}

/// A token that is not accepted, for whatever reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    iat: i64,
    exp: i64,
    jti: Uuid,
    #[serde(flatten)]
    bearer: Bearer,
}

/// What a token says of its bearer, beside who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// The session it belongs to. One that an operator minted belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// For one that belongs to no session: its person's epoch, which ends with all their sessions.
    #[serde(default, skip_serializing_if = "is_first")]
    pub epoch: i32,
    /// What the bearer is trusted with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// How the bearer proved who they are (RFC 8176): pwd, otp, totp, social; cli for an operator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_first(epoch: &i32) -> bool {
    *epoch == 0
}

/// What a token is good for. One kind never passes for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Asking on somebody's behalf.
    Access,
    /// Going on with a sign-in that waits for the second factor.
    HalfWay,
    /// Reading the pages of those who work here, from a browser that keeps it where no script reads it.
    Desk,
}

impl Kind {
    const fn typ(self) -> &'static str {
        match self {
            Self::Access => TYPE,
            Self::HalfWay => "half-way+jwt",
            Self::Desk => "desk+jwt",
        }
    }
}

/// Makes an access token for a user.
pub fn mint(
    tokens: &settings::Tokens,
    user: UserId,
    bearer: Bearer,
    now: DateTime<Utc>,
    lives: Duration,
) -> Result<String, TokenError> {
    mint_kind(tokens, Kind::Access, user, bearer, now, lives)
}

/// Makes a token of any kind.
pub(crate) fn mint_kind(
    tokens: &settings::Tokens,
    kind: Kind,
    user: UserId,
    bearer: Bearer,
    now: DateTime<Utc>,
    lives: Duration,
) -> Result<String, TokenError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(kind.typ().to_owned());
    header.kid = Some(tokens.key_id.clone());
    let seconds = i64::try_from(lives.as_secs()).map_err(|_| TokenError::Sign)?;
    let claims = Claims {
        iss: tokens.issuer.clone(),
        aud: tokens.audience.clone(),
        sub: user,
        iat: now.timestamp(),
        exp: now.timestamp().checked_add(seconds).ok_or(TokenError::Sign)?,
        jti: Uuid::new_v4(),
        bearer,
    };
    jsonwebtoken::encode(&header, &claims, &private_half(tokens)?).map_err(|_| TokenError::Sign)
}

fn private_half(tokens: &settings::Tokens) -> Result<EncodingKey, TokenError> {
    let pem = tokens.signing_key.expose_secret().trim();
    EncodingKey::from_ed_pem(pem.as_bytes()).map_err(|_| TokenError::Key)
}

/// A public key by its id.
struct PublicKey {
    id: String,
    bytes: Vec<u8>,
    key: DecodingKey,
}

impl PublicKey {
    fn new(id: &str, bytes: &[u8]) -> Self {
        Self { id: id.to_owned(), bytes: bytes.to_vec(), key: DecodingKey::from_ed_der(bytes) }
    }
}

/// Checks tokens with the public halves of the key that signs and of those that signed before.
pub(crate) struct Verifier {
    keys: Vec<PublicKey>,
    validation: Validation,
}

impl Verifier {
    pub(crate) fn new(tokens: &settings::Tokens) -> Result<Self, TokenError> {
        let private = private_half(tokens)?;
        let pair = Ed25519KeyPair::from_pkcs8(private.as_bytes()).map_err(|_| TokenError::Key)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&tokens.issuer]);
        validation.set_audience(&[&tokens.audience]);
        // One clock signs and checks; a token that has expired has expired.
        validation.leeway = 0;
        let former = tokens.former_keys.iter().map(|(id, bytes)| PublicKey::new(id, bytes));
        let keys = std::iter::once(PublicKey::new(&tokens.key_id, pair.public_key().as_ref())).chain(former);
        Ok(Self { keys: keys.collect(), validation })
    }

    /// Who bears an access token.
    pub(crate) fn bearer(&self, token: &str) -> Result<(UserId, Bearer), Refused> {
        self.check(token, Kind::Access)
    }

    pub(crate) fn check(&self, token: &str, kind: Kind) -> Result<(UserId, Bearer), Refused> {
        if token.len() > LONGEST {
            return Err(Refused);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused)?;
        if !header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(kind.typ())) {
            return Err(Refused);
        }
        let id = header.kid.as_deref().ok_or(Refused)?;
        let key = self.keys.iter().find(|key| key.id == id).ok_or(Refused)?;
        let token = jsonwebtoken::decode::<Claims>(token, &key.key, &self.validation).map_err(|_| Refused)?;
        Ok((token.claims.sub, token.claims.bearer))
    }

    /// The keys as others may check our tokens with them (RFC 8037).
    pub(crate) fn published(&self) -> Jwks {
        Jwks::of(self.keys.iter().map(|key| (key.id.as_str(), key.bytes.as_slice())))
    }
}

/// A set of public keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct Jwks {
    keys: Vec<Jwk>,
}

impl Jwks {
    /// Ed25519 keys by their ids (RFC 8037).
    pub(crate) fn of<'a>(keys: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let published = |(id, bytes): (&str, &[u8])| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            r#use: "sig",
            kid: id.to_owned(),
            x: URL_SAFE_NO_PAD.encode(bytes),
        };
        Self { keys: keys.map(published).collect() }
    }
}

#[derive(Serialize, ToSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::encode;
    use serde_json::json;
    use wolo_bootstrap::settings::Layers;

    use super::*;

    fn tokens() -> settings::Tokens {
        Layers::new().read().unwrap().tokens
    }

    fn awa() -> UserId {
        UserId::from_uuid(Uuid::from_u128(1))
    }

    fn minted(tokens: &settings::Tokens) -> String {
        mint(tokens, awa(), Bearer::default(), Utc::now(), Duration::from_mins(15)).unwrap()
    }

    #[test]
    fn a_token_names_its_user() {
        let tokens = tokens();
        assert_eq!(Verifier::new(&tokens).unwrap().bearer(&minted(&tokens)), Ok((awa(), Bearer::default())));
    }

    #[test]
    fn a_token_of_a_former_key_is_good_until_the_key_is_dropped() {
        let former = tokens();
        let old = minted(&former);
        let pair = Ed25519KeyPair::from_pkcs8(private_half(&former).unwrap().as_bytes()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let renewed = settings::Tokens {
            key_id: "new".to_owned(),
            former_keys: vec![(former.key_id.clone(), public)],
            ..tokens()
        };
        let verifier = Verifier::new(&renewed).unwrap();
        assert_eq!(verifier.bearer(&old), Ok((awa(), Bearer::default())));
        assert_eq!(verifier.bearer(&minted(&renewed)), Ok((awa(), Bearer::default())));
        let published = serde_json::to_value(verifier.published()).unwrap();
        assert_eq!(published["keys"][0]["kid"], "new");
        assert_eq!(published["keys"][1]["kid"], former.key_id);
        assert_eq!(published["keys"][1]["x"].as_str().unwrap().len(), 43);
        let dropped = settings::Tokens { former_keys: Vec::new(), ..renewed };
        assert_eq!(Verifier::new(&dropped).unwrap().bearer(&old), Err(Refused));
    }

    #[test]
    fn one_kind_of_token_never_passes_for_another() {
        let tokens = tokens();
        let verifier = Verifier::new(&tokens).unwrap();
        let half =
            mint_kind(&tokens, Kind::HalfWay, awa(), Bearer::default(), Utc::now(), Duration::from_mins(5));
        let half = half.unwrap();
        assert_eq!(verifier.bearer(&half), Err(Refused));
        assert!(verifier.check(&half, Kind::HalfWay).is_ok());
        assert_eq!(verifier.check(&minted(&tokens), Kind::HalfWay), Err(Refused));
    }

    #[test]
    fn an_expired_token_is_refused() {
        let tokens = tokens();
        let then = Utc::now() - Duration::from_mins(16);
        let old = mint(&tokens, awa(), Bearer::default(), then, Duration::from_mins(15)).unwrap();
        assert_eq!(Verifier::new(&tokens).unwrap().bearer(&old), Err(Refused));
    }

    #[test]
    fn a_token_of_another_key_issuer_or_audience_is_refused() {
        let ours = tokens();
        let verifier = Verifier::new(&ours).unwrap();
        for theirs in [
            // A fresh signing key.
            tokens(),
            settings::Tokens { issuer: "somebody".to_owned(), ..ours.clone() },
            settings::Tokens { audience: "somebody".to_owned(), ..ours.clone() },
            settings::Tokens { key_id: "another".to_owned(), ..ours.clone() },
        ] {
            assert_eq!(verifier.bearer(&minted(&theirs)), Err(Refused));
        }
    }

    #[test]
    fn what_is_not_exactly_an_access_token_is_refused() {
        let tokens = tokens();
        let verifier = Verifier::new(&tokens).unwrap();
        let key = private_half(&tokens).unwrap();
        let exp = Utc::now().timestamp() + 60;
        let whole = json!({ "iss": tokens.issuer, "aud": tokens.audience, "sub": awa(), "iat": 0, "exp": exp, "jti": Uuid::nil() });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(tokens.key_id.clone());
        // An identity token is a JWT as well.
        assert_eq!(verifier.bearer(&encode(&header, &whole, &key).unwrap()), Err(Refused));
        header.typ = Some(TYPE.to_owned());
        assert_eq!(verifier.bearer(&encode(&header, &whole, &key).unwrap()), Ok((awa(), Bearer::default())));
        for missing in ["iss", "aud", "sub", "exp"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert_eq!(verifier.bearer(&encode(&header, &claims, &key).unwrap()), Err(Refused), "{missing}");
        }
        let mut hmac = Header::new(Algorithm::HS256);
        (hmac.typ, hmac.kid) = (header.typ.clone(), header.kid.clone());
        let public = Ed25519KeyPair::from_pkcs8(key.as_bytes()).unwrap();
        let confused = EncodingKey::from_secret(public.public_key().as_ref());
        assert_eq!(verifier.bearer(&encode(&hmac, &whole, &confused).unwrap()), Err(Refused));
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", &"x".repeat(5000)] {
            assert_eq!(verifier.bearer(text), Err(Refused));
        }
    }
}
