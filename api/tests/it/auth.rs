//! Tokens, at every address that wants one.

use std::time::Duration;

use chrono::Utc;
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::json;
use uuid::Uuid;
use wolo_api::tokens;
use wolo_domain::ids::UserId;
use wolo_domain::pots::Visibility;

use crate::app::{TestApp, key};
use crate::reply::Reply;

#[tokio::test]
async fn what_belongs_to_somebody_wants_a_token() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    for request in [
        app.post("/api/pots").json(&json!({ "title": "x" })),
        app.post(&format!("/api/pots/{pot}/close")),
        app.get("/api/pots?mine=true"),
    ] {
        let reply = Reply::of(request.header("idempotency-key", key())).await;
        reply.problem(401, "token_missing");
        assert_eq!(reply.headers[WWW_AUTHENTICATE], "Bearer");
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_even_where_none_is_needed() {
    let app = TestApp::start().await;
    let user = app.person(10).await;
    let old = tokens::mint(
        &app.settings.tokens,
        user,
        tokens::Bearer::default(),
        Utc::now() - Duration::from_mins(16),
        Duration::from_mins(15),
    );
    for value in [
        format!("Bearer {}", old.unwrap()),
        "Bearer".to_owned(),
        "Bearer x.y.z".to_owned(),
        format!("Basic {}", app.token(user)),
        app.token(user),
    ] {
        let reply = Reply::of(app.get("/api/pots").header(AUTHORIZATION, value)).await;
        reply.problem(401, "token_invalid");
        assert_eq!(reply.headers[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\"");
    }
    let two = app.get("/api/pots").bearer_auth(app.token(user)).bearer_auth(app.token(user));
    Reply::of(two).await.problem(401, "token_invalid");
    Reply::of(app.get("/api/pots").bearer_auth(app.token(user))).await.expect(200);
}

#[tokio::test]
async fn a_token_of_an_account_that_is_gone_makes_and_gives_nothing() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let nobody = UserId::from_uuid(Uuid::now_v7());
    app.make_pot(nobody, &key(), &json!({ "title": "x" })).await.problem(403, "account_unknown");
    app.give(Some(nobody), &key(), &json!({ "pot": pot, "amount": 500 }))
        .await
        .problem(403, "account_unknown");
}
