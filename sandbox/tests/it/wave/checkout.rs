use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use wolo_sandbox::wave::Options;

use super::{Shop, answer, assert_exact, gift, options, with, without};

const SESSIONS: &str = "/v1/checkout/sessions";

#[tokio::test]
async fn a_session_has_waves_shape() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    assert!(id.starts_with("cos-") && id.len() <= 20);
    assert_eq!(session["wave_launch_url"], shop.url(&format!("/c/{id}")));
    for (field, value) in [
        ("amount", json!("5000")),
        ("currency", json!("XOF")),
        ("checkout_status", json!("open")),
        ("payment_status", json!("processing")),
        ("client_reference", json!("don_1")),
        ("business_name", json!("WOLO")),
        ("success_url", json!("https://wolo.example/ok")),
        ("transaction_id", Value::Null),
        ("when_completed", Value::Null),
        ("last_payment_error", Value::Null),
    ] {
        assert_eq!(session[field], value, "{field}");
    }
    let created: chrono::DateTime<chrono::Utc> = session["when_created"].as_str().unwrap().parse().unwrap();
    let expires: chrono::DateTime<chrono::Utc> = session["when_expires"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires - created, chrono::TimeDelta::minutes(30));
    assert!(session["when_created"].as_str().unwrap().len() == "2026-11-22T10:00:00Z".len());
    assert_eq!(shop.get(&format!("{SESSIONS}/{id}")).await.1, session);
}

#[tokio::test]
async fn each_bad_field_is_refused_by_name() {
    let shop = Shop::open().await;
    let good = || gift("5000", "don_1");
    let long = "x".repeat(256);
    for (body, field) in [
        (without(good(), "amount"), "amount"),
        (with(good(), "amount", json!(5000)), "amount"),
        (with(good(), "amount", json!("50.5")), "amount"),
        (with(good(), "amount", json!("5000.00")), "amount"),
        (with(good(), "amount", json!("0")), "amount"),
        (with(good(), "amount", json!("-1")), "amount"),
        (with(good(), "amount", json!("05000")), "amount"),
        (with(good(), "amount", json!("+5")), "amount"),
        (with(good(), "amount", json!("1e3")), "amount"),
        (with(good(), "amount", json!("")), "amount"),
        (with(good(), "amount", json!("99999999999999999999")), "amount"),
        (with(good(), "currency", json!("CFA")), "currency"),
        (with(good(), "currency", json!("EUR")), "currency"),
        (without(good(), "success_url"), "success_url"),
        (with(good(), "success_url", json!("http://wolo.example/ok")), "success_url"),
        (with(good(), "error_url", json!("http://127.0.0.1:3000/ko")), "error_url"),
        (with(good(), "error_url", json!("nonsense")), "error_url"),
        (with(good(), "client_reference", json!(long)), "client_reference"),
        (with(good(), "restrict_payer_mobile", json!("770000001")), "restrict_payer_mobile"),
        (with(good(), "metadata", json!({})), "metadata"),
        (with(good(), "enforce_payer_mobile", json!("+221770000001")), "enforce_payer_mobile"),
    ] {
        let (status, answer) = shop.post(SESSIONS, &body).await;
        assert_eq!(status, 422, "{body}");
        assert_eq!(answer["code"], "request-validation-error", "{body}");
        assert_eq!(answer["details"][0]["loc"], json!([field]), "{body}");
    }
    let (status, answer) = shop.post(SESSIONS, &with(good(), "aggregated_merchant_id", json!("am-1"))).await;
    assert_eq!((status.as_u16(), &answer["code"]), (403, &json!("authorization-error")));
    assert!(shop.wave.look(|book| book.sessions().is_empty()));
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let shop = Shop::open().await;
    let post = || shop.request(Method::POST, SESSIONS);
    let (status, body) = answer(post().body("amount=1")).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("request-not-json")));
    let (status, body) = answer(post().header("content-type", "application/json").body("{")).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("request-parsing-error")));
    assert_eq!(shop.post(SESSIONS, &json!([])).await.0, 422);
}

#[tokio::test]
async fn a_local_world_may_redirect_to_this_machine() {
    let shop = Shop::with(Options { local_redirects: true, ..options() }).await;
    for (url, status) in [
        ("http://127.0.0.1:3000/ok", 200),
        ("http://localhost:3000/ok", 200),
        ("http://localhost.example/ok", 422),
        ("http://10.0.0.1/ok", 422),
    ] {
        let body = with(gift("5000", "don_1"), "success_url", json!(url));
        assert_eq!(shop.post(SESSIONS, &body).await.0, status, "{url}");
    }
}

#[tokio::test]
async fn a_paid_session_is_found_by_every_way() {
    let shop = Shop::open().await;
    let paid = shop.paid("5000", "don_1").await;
    let (_, session) = shop.get(&format!("{SESSIONS}/{}", paid.id)).await;
    assert_eq!(session["checkout_status"], "complete");
    assert_eq!(session["payment_status"], "succeeded");
    assert!(session["when_completed"].is_string());
    let transaction = session["transaction_id"].as_str().unwrap();

    assert_eq!(shop.get(&format!("{SESSIONS}?transaction_id={transaction}")).await.1, session);
    let (_, found) = shop.get(&format!("{SESSIONS}/search?client_reference=don_1")).await;
    assert_eq!(found, json!({ "result": [session] }));
    let (_, nothing) = shop.get(&format!("{SESSIONS}/search?client_reference=don_2")).await;
    assert_eq!(nothing, json!({ "result": [] }));

    for unknown in [format!("{SESSIONS}/cos-none"), format!("{SESSIONS}?transaction_id=T0")] {
        let (status, body) = shop.get(&unknown).await;
        assert_eq!((status.as_u16(), &body["code"]), (404, &json!("checkout-session-not-found")));
    }
    assert_eq!(shop.get(&format!("{SESSIONS}/search")).await.0, 422);

    // One per cent of the gift stays with Wave.
    assert_eq!(shop.wave.look(wolo_sandbox::wave::Book::balance), 1_000_000 + 4_950);
    assert_exact(&shop.wave.book());
}

#[tokio::test]
async fn a_session_can_be_closed_once() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let expire = format!("{SESSIONS}/{}/expire", session["id"].as_str().unwrap());
    assert_eq!(shop.act(&expire).await, (reqwest::StatusCode::OK, Value::Null));
    assert_eq!(shop.act(&expire).await.0, 409);
    assert!(shop.wave.pay(session["id"].as_str().unwrap(), None).is_err());

    let paid = shop.paid("5000", "don_2").await;
    assert_eq!(shop.act(&format!("{SESSIONS}/{}/expire", paid.id)).await.0, 409);
    assert_eq!(shop.act(&format!("{SESSIONS}/cos-none/expire")).await.0, 404);
}

#[tokio::test]
async fn a_session_expires_by_the_emulators_clock() {
    let shop = Shop::open().await;
    let session = shop.create("5000", "don_1").await;
    let id = session["id"].as_str().unwrap();
    shop.wave.move_clock(Duration::from_mins(29));
    assert_eq!(shop.get(&format!("{SESSIONS}/{id}")).await.1["checkout_status"], "open");
    shop.wave.move_clock(Duration::from_mins(1));
    let (_, expired) = shop.get(&format!("{SESSIONS}/{id}")).await;
    assert_eq!(
        (&expired["checkout_status"], &expired["payment_status"]),
        (&json!("expired"), &json!("cancelled"))
    );
    assert_eq!(shop.act(&format!("{SESSIONS}/{id}/expire")).await.0, 409);
    assert!(shop.wave.pay(id, None).is_err());
    assert_eq!(shop.wave.look(|book| book.movements().len()), 0);
}

#[tokio::test]
async fn a_refund_gives_everything_back_once() {
    let shop = Shop::open().await;
    let paid = shop.paid("5000", "don_1").await;
    let refund = format!("{SESSIONS}/{}/refund", paid.id);
    for _ in 0..2 {
        assert_eq!(shop.act(&refund).await, (reqwest::StatusCode::OK, Value::Null));
    }
    let book = shop.wave.book();
    assert_eq!(book.balance(), book.opening());
    assert_eq!(book.movements().len(), 2);
    assert_exact(&book);

    let open = shop.create("5000", "don_2").await;
    let (status, body) = shop.act(&format!("{SESSIONS}/{}/refund", open["id"].as_str().unwrap())).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("checkout-refund-failed")));
    assert_eq!(shop.act(&format!("{SESSIONS}/cos-none/refund")).await.0, 404);
}

#[tokio::test]
async fn a_refund_fails_when_the_wallet_is_short() {
    let shop = Shop::with(Options { opening_balance: 0, ..options() }).await;
    let paid = shop.paid("5000", "don_1").await;
    shop.wave.write_line(wolo_sandbox::wave::MovementKind::MerchantSweep, -4_000, 0, None);
    let (status, body) = shop.act(&format!("{SESSIONS}/{}/refund", paid.id)).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("checkout-refund-failed")));
    assert_exact(&shop.wave.book());
}
