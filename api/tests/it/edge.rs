//! What every request meets before anybody looks at what it wants.

use reqwest::Method;
use reqwest::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ORIGIN};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wolo_domain::pots::{PotSettings, Visibility};

use crate::app::{TestApp, key, settings};
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
async fn a_browser_at_no_page_is_told_so_on_one() {
    let app = TestApp::start().await;
    let page = app.page("/nothing").await;
    assert!(page.status == 404 && page.body.contains("Cette page n'existe pas"), "{}", page.body);
    assert!(app.page_in_english("/nothing").await.body.contains("There is no such page"));
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

#[tokio::test]
async fn only_a_web_page_that_is_named_may_ask_from_a_browser() {
    let app = TestApp::start().await;
    let app = app.with(|layers| layers.set("api.cors_origins", "https://wolo.example")).await;
    let preflight = |origin| {
        let asks = app.request(Method::OPTIONS, "/api/payments/donate").header(ORIGIN, origin);
        Reply::of(
            asks.header("access-control-request-method", "POST")
                .header("access-control-request-headers", "idempotency-key,content-type"),
        )
    };
    let allowed = preflight("https://wolo.example").await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://wolo.example");
    assert!(allowed.header("access-control-allow-headers").contains("idempotency-key"));
    assert_eq!(allowed.header("access-control-allow-credentials"), "");
    for other in ["https://wolo.example.evil", "http://wolo.example", "null"] {
        assert_eq!(preflight(other).await.header("access-control-allow-origin"), "", "{other}");
    }
    // A page may read a problem too, and where it stands.
    let problem = Reply::of(app.get("/api/nothing").header(ORIGIN, "https://wolo.example")).await;
    problem.problem(404, "route_unknown");
    assert_eq!(problem.header("access-control-allow-origin"), "https://wolo.example");
    assert!(problem.header("access-control-expose-headers").contains("ratelimit"));
}

#[tokio::test]
async fn no_web_page_may_ask_where_none_is_named() {
    let app = TestApp::start().await;
    let reply = Reply::of(app.get("/health").header(ORIGIN, "https://wolo.example")).await;
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_long_answer_is_compressed_for_whoever_can_read_that() {
    let app = TestApp::start().await;
    let words = PotSettings { description: "Merci. ".repeat(70), visibility: Visibility::Link, ..settings() };
    let (pot, _) = app.pot(PotSettings { title: "Longue".repeat(10), ..words }).await;
    let path = format!("/api/pots/{}", app.slug(pot).await);
    let plain = Reply::of(app.get(&path)).await;
    assert!(plain.body.len() > 1024 && !plain.headers.contains_key(CONTENT_ENCODING), "{}", plain.body.len());
    let packed = app.get(&path).header(ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
    let packed = packed.bytes().await.unwrap();
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < plain.body.len() / 2, "{}", packed.len());
    let short = app.get("/health").header(ACCEPT_ENCODING, "gzip").send().await.unwrap();
    assert!(!short.headers().contains_key(CONTENT_ENCODING));
}

/// A request whose body never comes.
async fn dawdle(app: &TestApp, path: &str) -> TcpStream {
    let host = app.base.trim_start_matches("http://");
    let mut wire = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nidempotency-key: {}\r\ncontent-type: application/json\r\n\
         content-length: 10\r\n\r\n",
        key()
    );
    wire.write_all(head.as_bytes()).await.unwrap();
    wire
}

#[tokio::test]
async fn a_crowd_is_turned_away_at_once_and_keeps_out_neither_wave_nor_the_doctor() {
    let app = TestApp::start().await;
    let full = app
        .with(|layers| {
            let lanes = ["api.most_in_flight", "api.most_webhooks_in_flight", "api.most_receipts_in_flight"];
            lanes.into_iter().fold(layers, |layers, lane| layers.set(lane, "1"))
        })
        .await;
    let visitor = dawdle(&full, "/api/payments/donate").await;
    let turned_away = full
        .until(async || Some(Reply::of(full.get("/api/pots")).await).filter(|reply| reply.status != 200))
        .await;
    turned_away.problem(503, "overloaded");
    assert_eq!(turned_away.header("retry-after"), "1");
    Reply::of(full.get("/health")).await.expect(200);
    Reply::of(full.get("/ready")).await.expect(200);
    // Unsigned, so it is refused; but for that it was let in.
    Reply::of(full.post("/api/payments/webhook").body("{}")).await.problem(401, "signature_invalid");
    let figures = Reply::of(full.get("/metrics")).await.body;
    assert!(figures.contains("wolo_http_in_flight{lane=\"visitors\"} 1"), "{figures}");
    assert!(figures.contains("wolo_http_shed_total{lane=\"visitors\"}"), "{figures}");
    drop(visitor);
    full.until(async || (Reply::of(full.get("/api/pots")).await.status == 200).then_some(())).await;

    let webhook = dawdle(&full, "/api/payments/webhook").await;
    full.until(async || {
        let reply = Reply::of(full.post("/api/payments/webhook").body("{}")).await;
        (reply.status == 503).then_some(())
    })
    .await;
    Reply::of(full.get("/api/pots")).await.expect(200);
    drop(webhook);

    let receipts = "/api/notifications/receipts/sendgrid";
    let receipt = dawdle(&full, receipts).await;
    full.until(async || (Reply::of(full.post(receipts).body("[]")).await.status == 503).then_some(())).await;
    full.until(async || {
        let reply = Reply::of(full.post("/api/payments/webhook").body("{}")).await;
        (reply.status == 401).then_some(())
    })
    .await;
    drop(receipt);
}

#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for() {
    let app = TestApp::start().await;
    let hasty = app
        .with(|layers| layers.set("api.request_timeout_seconds", "2").set("api.patience_seconds", "1"))
        .await;
    let mut wire = dawdle(&hasty, "/api/payments/donate").await;
    let mut answer = [0; 12];
    wire.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 503");
}
