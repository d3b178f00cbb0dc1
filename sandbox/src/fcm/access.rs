//! The service account, and the tokens that are given for its assertions (RFC 7523).

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::{FcmDesk, Here};
use crate::emulator::forms;
use crate::emulator::tokens::Worth;

const KEY_ID: &str = "sandbox-key-1";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion may be good, and how far clocks may be apart, in seconds.
const LONGEST: i64 = 3600;
const APART: i64 = 300;

/// Made when it is first needed, once in a process.
static KEY: LazyLock<KeyPair> = LazyLock::new(|| {
    KeyPair::generate(KeySize::Rsa2048).expect("a system without random bytes runs nothing else either")
});

pub(super) fn service_account(desk: &FcmDesk) -> String {
    let options = &desk.provider.options;
    let key: Pkcs8V1Der<'_> = KEY.as_der().expect("a key that was made can be written");
    let key = STANDARD.encode(key.as_ref());
    let lines: Vec<_> = key.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    json!({
        "type": "service_account",
        "project_id": options.project_id,
        "private_key_id": KEY_ID,
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")),
        "client_email": options.client_email,
        "client_id": "221000000000000000001",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri(desk),
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "universe_domain": "googleapis.com",
    })
    .to_string()
}

fn token_uri(desk: &FcmDesk) -> String {
    format!("{}/token", desk.base_url)
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    scope: String,
    aud: String,
    iat: i64,
    exp: i64,
}

type Denied = (StatusCode, Json<Value>);

/// `POST /token`
pub(super) async fn token(State(desk): Here, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Denied> {
    let form = forms::read(&headers, &body, &["grant_type", "assertion"])
        .map_err(|flaw| denied("invalid_request", flaw.words))?;
    if form.get("grant_type").map(String::as_str) != Some(GRANT) {
        return Err(denied("unsupported_grant_type", format!("grant_type must be {GRANT}")));
    }
    let assertion = form.get("assertion").map(String::as_str).unwrap_or_default();
    check(&desk, assertion).map_err(|why| denied("invalid_grant", why))?;
    let life = desk.provider.options.token_life;
    let token = desk.change(|book| book.tokens.give(desk.clock.now(), life));
    Ok(Json(json!({ "access_token": token, "expires_in": life.as_secs(), "token_type": "Bearer" })))
}

fn denied(error: &str, why: impl Into<String>) -> Denied {
    let why = why.into();
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error, "error_description": why })))
}

/// An assertion is signed by the other side's wall clock, so it is read by ours, whatever the emulator's clock says.
fn check(desk: &FcmDesk, assertion: &str) -> Result<(), &'static str> {
    let parts: Vec<_> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return Err("Not a JWT.") };
    let named: Header = decoded(header)?;
    if named.alg != "RS256" || named.typ != "JWT" || named.kid != KEY_ID {
        return Err("Invalid JWT header.");
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "Invalid JWT Signature.")?;
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEY.public_key().as_ref());
    key.verify(format!("{header}.{claims}").as_bytes(), &signature).map_err(|_| "Invalid JWT Signature.")?;
    let claims: Claims = decoded(claims)?;
    let now = Utc::now().timestamp();
    if claims.iss != desk.provider.options.client_email {
        return Err("Invalid grant: account not found");
    }
    if claims.scope != SCOPE || claims.aud != token_uri(desk) {
        return Err("Invalid JWT: scope or audience.");
    }
    let in_time = claims.iat <= now + APART && now < claims.exp + APART;
    if !in_time || claims.exp > claims.iat + LONGEST {
        return Err(
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        );
    }
    Ok(())
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, &'static str> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| "Not a JWT.")?;
    serde_json::from_slice(&bytes).map_err(|_| "Invalid JWT.")
}

/// Whether the caller shows a token that is good.
pub(super) fn admit(desk: &FcmDesk, headers: &HeaderMap) -> Result<(), Refusal> {
    if desk.read(|book| book.tokens.worth(headers, desk.clock.now())) == Worth::Good {
        return Ok(());
    }
    let message = "Request had invalid authentication credentials.";
    Err(Refusal::of_status(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message))
}
