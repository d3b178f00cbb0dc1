//! Tokens: who is given one, and what it opens.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::errors::Refusal;
use super::{Here, OrangeDesk};
use crate::emulator::forms;
use crate::emulator::tokens::Worth;

/// `POST /oauth/v3/token`
pub(super) async fn token(
    State(desk): Here,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let options = &desk.provider.options;
    if !forms::is_let_in(&headers, &options.client_id, &options.client_secret) {
        return Err(Refusal::oauth(StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    let invalid = |_| Refusal::oauth(StatusCode::BAD_REQUEST, "invalid_request");
    let form = forms::read(&headers, &body, &["grant_type"]).map_err(invalid)?;
    if form.get("grant_type").map(String::as_str) != Some("client_credentials") {
        return Err(Refusal::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type"));
    }
    let token = desk.change(|book| book.tokens.give(desk.clock.now(), options.token_life));
    Ok(Json(json!({
        "token_type": "Bearer",
        "access_token": token,
        // As Orange writes it.
        "expires_in": options.token_life.as_secs().to_string(),
    })))
}

/// Whether the caller shows a token that is good.
pub(super) fn check(desk: &OrangeDesk, headers: &HeaderMap) -> Result<(), Refusal> {
    let refused = |code, message| Err(Refusal::gateway(StatusCode::UNAUTHORIZED, code, message));
    match desk.read(|book| book.tokens.worth(headers, desk.clock.now())) {
        Worth::Good => Ok(()),
        Worth::Missing => refused(40, "Missing credentials"),
        Worth::Unknown => refused(41, "Invalid credentials"),
        Worth::Expired => refused(42, "Expired credentials"),
    }
}
