//! The public keys with which others may check what we sign (RFC 7517): `GET /.well-known/jwks.json` for access tokens,
//! `GET /.well-known/wolo-certificates.json` for certificates. They are sets of their own, so that no key is ever believed
//! about the other kind.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use secrecy::ExposeSecret as _;
use wolo_domain::seals::SealingKey;

use crate::contract::Nothing;
use crate::problem::{Code, Problem};
use crate::state::App;
use crate::tokens::Jwks;

/// The keys that check our tokens: the one that signs, and those that signed before.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "keys", tag = "operation",
    responses((status = 200, description = "The keys.", body = Jwks), Nothing))]
pub(crate) async fn published(State(app): State<App>) -> Response {
    given_out(app.verifier.published())
}

/// The keys that check certificates: the one that seals, and those that sealed before.
#[utoipa::path(get, path = "/.well-known/wolo-certificates.json", operation_id = "keys.certificates", tag = "operation",
    responses((status = 200, description = "The keys.", body = Jwks), Nothing))]
pub(crate) async fn of_certificates(State(app): State<App>) -> Result<Response, Problem> {
    let settings = &app.settings.certificates;
    let seals = settings.sealing.as_ref().map(|sealing| {
        let key = SealingKey::from_pkcs8(&sealing.key_id, sealing.key.expose_secret());
        key.map(|key| (sealing.key_id.as_str(), *key.public().bytes()))
    });
    let seals = seals.transpose().map_err(|error| {
        tracing::error!(%error, "the key that seals certificates cannot be used");
        Problem::new(Code::Internal)
    })?;
    let others = settings.public_keys.iter().map(|(id, bytes)| (id.as_str(), bytes.as_slice()));
    let keys = seals.iter().map(|(id, bytes)| (*id, bytes.as_slice())).chain(others);
    Ok(given_out(Jwks::of(keys)))
}

fn given_out(keys: Jwks) -> Response {
    let mut response = Json(keys).into_response();
    // A key that is exchanged keeps checking for longer than this.
    let lives = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, lives);
    response
}
