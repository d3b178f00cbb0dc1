//! What every request meets before anybody looks at what it wants.

use reqwest::Method;
use reqwest::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_TYPE};

use crate::app::{TestApp, key};
use crate::reply::Reply;

#[tokio::test]
async fn an_unknown_address_is_a_problem() {
    let app = TestApp::start().await;
    let reply = Reply::of(app.get("/api/nothing?phone=%2B221771234567")).await;
    reply.problem(404, "route_unknown");
    insta::assert_snapshot!(reply.body, @r#"{"type":"/problems/route_unknown","title":"Adresse inconnue","status":404,"detail":"Il n'y a rien à cette adresse.","code":"route_unknown","request_id":"a-test"}"#);
    let english = Reply::of(app.get("/api/nothing").header(ACCEPT_LANGUAGE, "en-GB")).await;
    insta::assert_snapshot!(english.body, @r#"{"type":"/problems/route_unknown","title":"Unknown address","status":404,"detail":"There is nothing at this address.","code":"route_unknown","request_id":"a-test"}"#);
    assert_eq!(english.header("content-language"), "en");
}

#[tokio::test]
async fn a_method_that_an_address_does_not_know_is_a_problem() {
    let app = TestApp::start().await;
    let reply = Reply::of(app.request(Method::DELETE, "/api/pots")).await;
    reply.problem(405, "method_not_allowed");
    assert!(reply.headers[ALLOW].to_str().unwrap().contains("POST"), "{:?}", reply.headers);
    Reply::of(app.get("/api/payments/webhook")).await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_body_must_be_json_and_small() {
    let app = TestApp::start().await;
    let post = || app.post("/api/payments/donate").header("idempotency-key", key());
    Reply::of(post().body("pot=1")).await.problem(415, "body_not_json");
    Reply::of(post().header(CONTENT_TYPE, "text/json").body("{}")).await.problem(415, "body_not_json");
    let json = || post().header(CONTENT_TYPE, "application/json; charset=utf-8");
    for malformed in [
        "",
        "{",
        "[1",
        "{\"pot\":\"\\ud800\"}",
        "\u{feff}{}",
        r#"{"pot":"x","amount":500} {}"#,
        &"[".repeat(10_000),
    ] {
        Reply::of(json().body(malformed.to_owned())).await.problem(400, "json_malformed");
    }
    Reply::of(json().body(vec![b'"', 0xff, b'"'])).await.problem(400, "json_malformed");
    Reply::of(json().body(format!("{{\"pot\":\"{}\"}}", "x".repeat(70_000))))
        .await
        .problem(413, "body_too_large");
}

#[tokio::test]
async fn every_answer_has_an_id_and_protective_headers() {
    let app = TestApp::start().await;
    let reply = Reply::of(app.get("/health").header("x-request-id", "two")).await;
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.header("cache-control"), "no-store");
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    let made = Reply::of(plain.get(format!("{}/health", app.base))).await;
    assert!(made.header("x-request-id").len() >= 32);
}
