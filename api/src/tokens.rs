//! Access tokens: short-lived JWTs (RFC 9068), signed with Ed25519.
//!
//! A token names a user and nothing else. Anything odd about one makes it no token at all: the caller learns only that
//! it is refused, never why.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wolo_bootstrap::settings;
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
}

/// Makes an access token for a user.
pub fn mint(
    tokens: &settings::Tokens,
    user: UserId,
    now: DateTime<Utc>,
    lives: Duration,
) -> Result<String, TokenError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(tokens.key_id.clone());
    let seconds = i64::try_from(lives.as_secs()).map_err(|_| TokenError::Sign)?;
    let claims = Claims {
        iss: tokens.issuer.clone(),
        aud: tokens.audience.clone(),
        sub: user,
        iat: now.timestamp(),
        exp: now.timestamp().checked_add(seconds).ok_or(TokenError::Sign)?,
        jti: Uuid::new_v4(),
    };
    jsonwebtoken::encode(&header, &claims, &private_half(tokens)?).map_err(|_| TokenError::Sign)
}

fn private_half(tokens: &settings::Tokens) -> Result<EncodingKey, TokenError> {
    let pem = tokens.signing_key.expose_secret().trim();
    EncodingKey::from_ed_pem(pem.as_bytes()).map_err(|_| TokenError::Key)
}

/// Checks tokens with the public half of the key.
pub(crate) struct Verifier {
    key: DecodingKey,
    key_id: String,
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
        Ok(Self {
            key: DecodingKey::from_ed_der(pair.public_key().as_ref()),
            key_id: tokens.key_id.clone(),
            validation,
        })
    }

    pub(crate) fn user(&self, token: &str) -> Result<UserId, Refused> {
        if token.len() > LONGEST {
            return Err(Refused);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused)?;
        let typed = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE));
        if !typed || header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(Refused);
        }
        let token =
            jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation).map_err(|_| Refused)?;
        Ok(token.claims.sub)
    }
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
        mint(tokens, awa(), Utc::now(), Duration::from_mins(15)).unwrap()
    }

    #[test]
    fn a_token_names_its_user() {
        let tokens = tokens();
        assert_eq!(Verifier::new(&tokens).unwrap().user(&minted(&tokens)), Ok(awa()));
    }

    #[test]
    fn an_expired_token_is_refused() {
        let tokens = tokens();
        let old =
            mint(&tokens, awa(), Utc::now() - Duration::from_mins(16), Duration::from_mins(15)).unwrap();
        assert_eq!(Verifier::new(&tokens).unwrap().user(&old), Err(Refused));
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
            assert_eq!(verifier.user(&minted(&theirs)), Err(Refused));
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
        assert_eq!(verifier.user(&encode(&header, &whole, &key).unwrap()), Err(Refused));
        header.typ = Some(TYPE.to_owned());
        assert_eq!(verifier.user(&encode(&header, &whole, &key).unwrap()), Ok(awa()));
        for missing in ["iss", "aud", "sub", "exp"] {
            let mut claims = whole.clone();
            claims.as_object_mut().unwrap().remove(missing);
            assert_eq!(verifier.user(&encode(&header, &claims, &key).unwrap()), Err(Refused), "{missing}");
        }
        let mut hmac = Header::new(Algorithm::HS256);
        (hmac.typ, hmac.kid) = (header.typ.clone(), header.kid.clone());
        let public = Ed25519KeyPair::from_pkcs8(key.as_bytes()).unwrap();
        let confused = EncodingKey::from_secret(public.public_key().as_ref());
        assert_eq!(verifier.user(&encode(&hmac, &whole, &confused).unwrap()), Err(Refused));
        for text in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", &"x".repeat(5000)] {
            assert_eq!(verifier.user(text), Err(Refused));
        }
    }
}
