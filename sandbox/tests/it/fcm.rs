//! The emulator of Firebase, through its real HTTP.

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use wolo_sandbox::emulator::Place;
use wolo_sandbox::fcm::{Fcm, Options};
use wolo_sandbox::inbox::{Button, Channel, Inbox};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Of a header and claims.
type Change = Box<dyn FnOnce(&mut Value, &mut Value)>;

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn start() -> Fcm {
    Fcm::start(Options { place: Place::quick(), ..Options::default() }).await.unwrap()
}

/// An assertion that is good, changed in one place of its header and claims.
fn assertion(fcm: &Fcm, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let file: Value = serde_json::from_str(&fcm.service_account()).unwrap();
    let now = Utc::now().timestamp();
    let mut header = json!({ "alg": "RS256", "typ": "JWT", "kid": file["private_key_id"] });
    let mut claims = json!({
        "iss": file["client_email"], "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": file["token_uri"], "iat": now, "exp": now + 3600,
    });
    change(&mut header, &mut claims);
    let pem: String =
        file["private_key"].as_str().unwrap().lines().filter(|line| !line.starts_with('-')).collect();
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(pem).unwrap()).unwrap();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encoded(&header), encoded(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

async fn ask(fcm: &Fcm, form: &[(&str, &str)]) -> (u16, Value) {
    answer(Client::new().post(format!("{}/token", fcm.base_url())).form(form)).await
}

async fn token(fcm: &Fcm) -> String {
    let assertion = assertion(fcm, |_, _| {});
    let (status, answer) = ask(fcm, &[("grant_type", GRANT), ("assertion", &assertion)]).await;
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3599)), "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn send(fcm: &Fcm, token: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/v1/projects/{}/messages:send", fcm.base_url(), fcm.options().project_id);
    answer(Client::new().post(url).bearer_auth(token).json(body)).await
}

fn push(device: &str) -> Value {
    json!({ "message": {
        "token": device,
        "notification": { "title": "Awa", "body": "Plus que 7 jours." },
        "data": { "link": "https://wolo.example/p/1" },
        "android": { "priority": "high", "ttl": "86400s", "collapse_key": "ntf_1" },
        "apns": { "headers": { "apns-priority": "10", "apns-expiration": "86400", "apns-collapse-id": "ntf_1" } },
        "webpush": { "fcm_options": { "link": "https://wolo.example/p/1" } },
    } })
}

#[tokio::test]
async fn a_token_is_given_for_what_the_account_has_signed_and_for_nothing_else() {
    let fcm = start().await;
    token(&fcm).await;
    let now = Utc::now().timestamp();
    let claim =
        |name: &'static str, value: Value| -> Change { Box::new(move |_, claims| claims[name] = value) };
    let header =
        |name: &'static str, value: Value| -> Change { Box::new(move |header, _| header[name] = value) };
    let mut bad: Vec<_> = [
        header("alg", json!("HS256")),
        header("kid", json!("another")),
        claim("iss", json!("somebody@else.example")),
        claim("aud", json!("https://oauth2.googleapis.com/token")),
        claim("scope", json!("https://www.googleapis.com/auth/drive")),
        claim("exp", json!(now - 600)),
        claim("exp", json!(now + 7200)),
        claim("iat", json!(now + 600)),
        claim("sub", json!("somebody")),
    ]
    .into_iter()
    .map(|change| assertion(&fcm, change))
    .collect();
    let good = assertion(&fcm, |_, _| {});
    let other = assertion(&fcm, |_, claims| claims["iat"] = json!(now - 1));
    let (_, signature) = other.rsplit_once('.').unwrap();
    let (message, _) = good.rsplit_once('.').unwrap();
    bad.extend([format!("{message}.{signature}"), format!("{message}."), message.to_owned(), String::new()]);
    for assertion in bad {
        let (status, answer) = ask(&fcm, &[("grant_type", GRANT), ("assertion", &assertion)]).await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")), "{assertion}");
    }
    let refused = async |form: &[(&str, &str)]| ask(&fcm, form).await.1["error"].clone();
    assert_eq!(refused(&[("grant_type", "client_credentials")]).await, "unsupported_grant_type");
    assert_eq!(refused(&[("grant_type", GRANT), ("scope", "all")]).await, "invalid_request");
    assert_eq!(fcm.book().tokens(), 1);
}

#[tokio::test]
async fn a_token_opens_until_its_end_on_the_emulators_clock() {
    let fcm = start().await;
    let token = token(&fcm).await;
    fcm.move_clock(Duration::from_secs(3590));
    assert_eq!(send(&fcm, &token, &push("d-1")).await.0, 200);
    fcm.move_clock(Duration::from_secs(10));
    let (status, answer) = send(&fcm, &token, &push("d-1")).await;
    assert_eq!((status, &answer["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    assert!(answer["error"]["details"].is_null());
}

#[tokio::test]
async fn what_firebase_does_not_know_is_refused_by_its_place() {
    let fcm = start().await;
    let token = token(&fcm).await;
    for (place, name, value, expected) in [
        ("", "colour", json!("red"), "colour"),
        ("/message", "colour", json!("red"), "message.colour"),
        ("/message", "topic", json!("all"), "message"),
        ("/message", "token", Value::Null, "message"),
        ("/message/data", "count", json!(5), "message.data.count"),
        ("/message/data", "from", json!("x"), "message.data"),
        ("/message/data", "google.x", json!("x"), "message.data"),
        ("/message/notification", "body", json!("x".repeat(4096)), "message"),
        ("/message/android", "priority", json!("urgent"), "message.android.priority"),
        ("/message/android", "ttl", json!("1 day"), "message.android.ttl"),
        ("/message/android", "ttl", json!("2419201s"), "message.android.ttl"),
        ("/message/apns/headers", "apns-priority", json!("high"), "message.apns.headers"),
        ("/message/apns/headers", "apns-expiration", json!("soon"), "message.apns.headers"),
        ("/message/apns/headers", "apns-collapse-id", json!("x".repeat(65)), "message.apns.headers"),
        ("/message/webpush/fcm_options", "link", json!("http://x"), "message.webpush.fcm_options.link"),
    ] {
        let mut body = push("d-1");
        body.pointer_mut(place).unwrap()[name] = value;
        let (status, answer) = send(&fcm, &token, &body).await;
        let field = &answer["error"]["details"][0]["fieldViolations"][0]["field"];
        assert_eq!((status, field), (400, &json!(expected)), "{body}");
    }
    assert_eq!(fcm.look(|book| book.messages().len()), 0);
}

#[tokio::test]
async fn devices_that_are_gone_have_their_own_words() {
    let fcm = start().await;
    let token = token(&fcm).await;
    for (device, status, code) in [
        ("dead-1", 404, "UNREGISTERED"),
        ("mismatch-1", 403, "SENDER_ID_MISMATCH"),
        ("quota-1", 429, "QUOTA_EXCEEDED"),
        ("down-1", 503, "UNAVAILABLE"),
        ("no device", 400, "INVALID_ARGUMENT"),
    ] {
        let (given, answer) = send(&fcm, &token, &push(device)).await;
        assert_eq!((given, &answer["error"]["details"][0]["errorCode"]), (status, &json!(code)), "{device}");
    }
    for once in ["quota-1", "down-1"] {
        assert_eq!(send(&fcm, &token, &push(once)).await.0, 200, "{once}");
    }
    let elsewhere = format!("{}/v1/projects/another/messages:send", fcm.base_url());
    let request = Client::new().post(elsewhere).bearer_auth(&token).json(&push("d-1"));
    assert_eq!(answer(request).await.1["error"]["status"], "PERMISSION_DENIED");
    fcm.switch(true);
    assert_eq!(send(&fcm, &token, &push("d-1")).await.0, 404);
}

#[tokio::test]
async fn a_push_that_was_sent_twice_is_seen_once_and_one_that_is_only_checked_never() {
    let inbox = Inbox::start(0).await.unwrap();
    let place = Place { inbox: inbox.slot(), ..Place::quick() };
    let fcm = Fcm::start(Options { place, ..Options::default() }).await.unwrap();
    let token = token(&fcm).await;
    let mut checked = push("d-1");
    checked["validate_only"] = json!(true);
    assert_eq!(send(&fcm, &token, &checked).await.0, 200);
    assert_eq!(fcm.look(|book| book.messages().len()), 0);
    for _ in 0..2 {
        assert_eq!(send(&fcm, &token, &push("d-1")).await.0, 200);
    }
    assert_eq!(send(&fcm, &token, &push("d-2")).await.0, 200);
    assert_eq!(fcm.look(|book| book.messages_for("ntf_1").count()), 3);
    let messages = inbox.messages_to("d-1");
    let [shown] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!((shown.channel, shown.subject.as_deref()), (Channel::Push, Some("Awa")));
    assert!(matches!(&shown.buttons[..], [Button::Link { url, .. }] if url == "https://wolo.example/p/1"));
    assert_eq!(inbox.messages_to("d-2").len(), 1);
}
