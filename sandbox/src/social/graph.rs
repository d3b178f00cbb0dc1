//! Facebook's access tokens, and the two questions of its Graph API that are asked about them.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use wolo_domain::accounts::IdentityProvider::Facebook;

use super::people::Person;
use super::providers::{Endpoint, Providers, Trouble, locked};
use super::{APP_ID, APP_SECRET};

/// Sixty days.
const LIVES: i64 = 5_184_000;

/// What is wrong with an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessFlaw {
    /// The person gave it to another app.
    OtherApp,
    /// The person has taken it back.
    Withdrawn,
    /// The same, between the two questions.
    WithdrawnBetween,
    /// Of a page, not of a person.
    OfAPage,
    Expired,
    /// Good, and lying about for a day.
    Old,
    /// The two questions are answered about two people.
    TwoPeople,
}

impl AccessFlaw {
    pub const ALL: [Self; 7] = [
        Self::OtherApp,
        Self::Withdrawn,
        Self::WithdrawnBetween,
        Self::OfAPage,
        Self::Expired,
        Self::Old,
        Self::TwoPeople,
    ];
}

/// An access token that is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessOrder {
    pub person: Person,
    #[serde(default)]
    pub flaw: Option<AccessFlaw>,
}

impl AccessOrder {
    pub fn new(person: &Person) -> Self {
        Self { person: person.clone(), flaw: None }
    }

    #[must_use]
    pub fn flawed(self, flaw: AccessFlaw) -> Self {
        Self { flaw: Some(flaw), ..self }
    }
}

#[derive(Debug)]
pub(super) struct AccessToken {
    order: AccessOrder,
    issued_at: i64,
}

pub(super) fn access_token(providers: &Providers, order: AccessOrder) -> String {
    let token = format!("EAA{}", Uuid::new_v4().simple());
    let issued_at = match order.flaw {
        Some(AccessFlaw::Old) => Utc::now().timestamp() - 86_400,
        _ => Utc::now().timestamp(),
    };
    locked(&providers.access_tokens).insert(token.clone(), AccessToken { order, issued_at });
    token
}

type Asked = Query<HashMap<String, String>>;

/// `GET /debug_token`: for whose app a token was made, and for whom.
pub(super) async fn debug_token(State(providers): State<Arc<Providers>>, Query(asked): Asked) -> Response {
    providers.count(Endpoint::DebugToken);
    if let Some(answer) = bad_day(&providers).await {
        return answer;
    }
    let value = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    if value("access_token") != format!("{APP_ID}|{APP_SECRET}") {
        return refusal(190, "Invalid OAuth access token signature.");
    }
    let tokens = locked(&providers.access_tokens);
    let Some(AccessToken { order: AccessOrder { person, flaw }, issued_at }) =
        tokens.get(value("input_token"))
    else {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token." });
        return Json(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } })).into_response();
    };
    let is = |one: AccessFlaw| *flaw == Some(one);
    let expires_at = if is(AccessFlaw::Expired) { issued_at - 1 } else { issued_at + LIVES };
    let data = json!({
        "app_id": if is(AccessFlaw::OtherApp) { "999999999999999" } else { APP_ID },
        "type": if is(AccessFlaw::OfAPage) { "PAGE" } else { "USER" },
        "application": "WOLO",
        "is_valid": !is(AccessFlaw::Withdrawn),
        "issued_at": issued_at,
        "expires_at": expires_at,
        "data_access_expires_at": issued_at + LIVES,
        "scopes": ["public_profile", "email"],
        "user_id": person.subject,
    });
    Json(json!({ "data": data })).into_response()
}

/// `GET /me`: who the token was given by.
pub(super) async fn me(State(providers): State<Arc<Providers>>, Query(asked): Asked) -> Response {
    providers.count(Endpoint::Me);
    if let Some(answer) = bad_day(&providers).await {
        return answer;
    }
    let value = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let token = value("access_token");
    let secret = hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes());
    let proof = hex::decode(value("appsecret_proof")).unwrap_or_default();
    if hmac::verify(&secret, token.as_bytes(), &proof).is_err() {
        return refusal(100, "Invalid appsecret_proof provided in the API argument");
    }
    let tokens = locked(&providers.access_tokens);
    match tokens.get(token).map(|token| &token.order) {
        None | Some(AccessOrder { flaw: Some(AccessFlaw::Withdrawn | AccessFlaw::WithdrawnBetween), .. }) => {
            refusal(190, "Error validating access token: the user has not authorized the application.")
        }
        Some(AccessOrder { person, flaw }) => {
            let somebody_else = *flaw == Some(AccessFlaw::TwoPeople);
            let id = if somebody_else { "1" } else { person.subject.as_str() };
            Json(json!({ "id": id, "name": person.name })).into_response()
        }
    }
}

/// Facebook tells of its limits in its own way.
async fn bad_day(providers: &Providers) -> Option<Response> {
    if providers.trouble(Facebook) == Trouble::TooOften {
        return Some(refusal(4, "Application request limit reached"));
    }
    providers.bad_day(Facebook).await
}

fn refusal(code: u16, message: &str) -> Response {
    let error =
        json!({ "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "sandbox" });
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}
