//! `GET /.well-known/jwks.json`: the public keys with which others may check our tokens (RFC 7517).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use crate::contract::Nothing;
use crate::state::App;
use crate::tokens::Jwks;

/// The keys that check our tokens: the one that signs, and those that signed before.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "keys", tag = "operation",
    responses((status = 200, description = "The keys.", body = Jwks), Nothing))]
pub(crate) async fn published(State(app): State<App>) -> Response {
    let mut response = Json(app.verifier.published()).into_response();
    // A key that is exchanged keeps checking for longer than this.
    let lives = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, lives);
    response
}
