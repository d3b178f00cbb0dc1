use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule, Options, PayoutStatus, Person};

use super::{AWA, Shop, answer, assert_exact, options, order, with, without};

#[tokio::test]
async fn a_payout_debits_the_amount_and_the_fee() {
    let shop = Shop::open().await;
    let (status, payout) = shop.payout("k1", &order("48500", AWA, "dist_1")).await;
    assert_eq!(status, 200);
    let id = payout["id"].as_str().unwrap();
    assert!(id.starts_with("pt-") && id.len() <= 20);
    for (field, value) in [
        ("currency", "XOF"),
        ("receive_amount", "48500"),
        ("fee", "485"),
        ("mobile", AWA),
        ("name", "Awa Test"),
        ("client_reference", "dist_1"),
        ("payment_reason", "Cagnotte anniversaire"),
        ("status", "succeeded"),
    ] {
        assert_eq!(payout[field], value, "{field}");
    }
    assert_eq!(shop.get(&format!("/v1/payout/{id}")).await.1, payout);
    let (_, found) = shop.get("/v1/payouts/search?client_reference=dist_1").await;
    assert_eq!(found, json!({ "result": [payout] }));
    assert_eq!(shop.get("/v1/payouts/search?client_reference=none").await.1, json!({ "result": [] }));
    assert_eq!(shop.get("/v1/payouts/search").await.0, 422);
    let (status, body) = shop.get("/v1/payout/pt-none").await;
    assert_eq!((status.as_u16(), &body["code"]), (404, &json!("not-found")));
    assert_eq!(shop.get("/v1/balance").await.1, json!({ "amount": "951015", "currency": "XOF" }));
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
    assert_exact(&shop.wave.book());
}

#[tokio::test]
async fn the_same_key_pays_once() {
    let shop = Shop::open().await;
    let body = order("1000", AWA, "dist_1");
    let first = shop.payout("k1", &body).await;
    assert_eq!(shop.payout("k1", &body).await, first);
    let (status, mismatch) = shop.payout("k1", &order("1001", AWA, "dist_1")).await;
    assert_eq!((status.as_u16(), &mismatch["error_code"]), (409, &json!("idempotency-mismatch")));
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);

    // Another key is another payout, and so is the same key once forgotten.
    assert_eq!(shop.payout("k2", &body).await.0, 200);
    shop.wave.forget_idempotency_keys();
    assert_eq!(shop.payout("k1", &body).await.0, 200);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 3);
}

#[tokio::test]
async fn many_callers_with_one_key_pay_once() {
    let shop = Shop::open().await;
    let body = order("1000", AWA, "dist_1");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..32 {
        calls.spawn(answer(shop.payout_request("k1", &body)));
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|one| *one == answers[0]));
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
}

#[tokio::test]
async fn a_payout_needs_a_key() {
    let shop = Shop::open().await;
    let body = order("1000", AWA, "dist_1");
    let (status, refusal) = shop.post("/v1/payout", &body).await;
    assert_eq!((status.as_u16(), &refusal["error"]), (400, &json!("request-validation-error")));
    assert!(refusal["message"].as_str().unwrap().contains("Idempotency-Key"));
    assert_eq!(shop.payout(&"k".repeat(256), &body).await.0, 400);
    assert_eq!(shop.payout(&"k".repeat(255), &body).await.0, 200);
}

#[tokio::test]
async fn each_bad_field_is_refused_and_binds_no_key() {
    let shop = Shop::open().await;
    let good = || order("1000", AWA, "dist_1");
    for (body, status, code) in [
        (without(good(), "mobile"), 422, "request-validation-error"),
        (with(good(), "mobile", json!("770000009")), 422, "request-validation-error"),
        (with(good(), "mobile", json!("+221330000009")), 422, "request-validation-error"),
        (with(good(), "mobile", json!("+33612345678")), 400, "country-mismatch"),
        (with(good(), "receive_amount", json!(1000)), 422, "request-validation-error"),
        (with(good(), "currency", json!("USD")), 400, "currency-mismatch"),
        (with(good(), "currency", json!("ABC")), 422, "request-validation-error"),
        (with(good(), "payment_reason", json!("r".repeat(41))), 422, "request-validation-error"),
        (with(good(), "name", json!("n".repeat(256))), 422, "request-validation-error"),
        (with(good(), "metadata", json!(1)), 422, "request-validation-error"),
        (with(good(), "aggregated_merchant_id", json!("am-1")), 400, "invalid-aggregated-merchant-id"),
    ] {
        let (got, refusal) = shop.payout("k1", &body).await;
        assert_eq!((got.as_u16(), code_of(&refusal)), (status, code), "{body}");
    }
    assert_eq!(shop.payout("k1", &good()).await.0, 200);
}

fn code_of(refusal: &Value) -> &str {
    ["code", "error", "error_code"].iter().find_map(|name| refusal[name].as_str()).unwrap_or("")
}

#[tokio::test]
async fn the_magic_recipients_refuse_for_good() {
    let shop = Shop::open().await;
    for (digits, status, code) in [
        ("91", 422, "recipient-account-blocked"),
        ("92", 422, "recipient-account-inactive"),
        ("93", 422, "recipient-limit-exceeded"),
        ("94", 422, "recipient-minor"),
        ("95", 400, "country-mismatch"),
    ] {
        let body = order("1000", &format!("+2217700000{digits}"), "dist_1");
        for _ in 0..2 {
            let (got, refusal) = shop.payout(digits, &body).await;
            assert_eq!((got.as_u16(), &refusal["error_code"]), (status, &json!(code)));
        }
    }
    assert!(shop.wave.look(|book| book.payouts().is_empty()));
}

#[tokio::test]
async fn a_short_wallet_pays_nothing() {
    let shop = Shop::with(Options { opening_balance: 1_009, ..options() }).await;
    let (status, refusal) = shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    assert_eq!((status.as_u16(), &refusal["error_code"]), (422, &json!("insufficient-funds")));
    assert_eq!(shop.payout("k2", &order("999", AWA, "dist_1")).await.0, 200);
    assert_eq!(shop.get("/v1/balance").await.1["amount"], "0");
}

#[tokio::test]
async fn a_reversal_gives_amount_and_fee_back_once_within_three_days() {
    let shop = Shop::open().await;
    let (_, payout) = shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    let (_, late) = shop.payout("k2", &order("1000", AWA, "dist_2")).await;
    let reverse = |payout: &Value| format!("/v1/payout/{}/reverse", payout["id"].as_str().unwrap());
    shop.wave.move_clock(Duration::from_mins(3 * 24 * 60 - 1));
    for _ in 0..2 {
        assert_eq!(shop.act(&reverse(&payout)).await, (StatusCode::OK, Value::Null));
    }
    assert_eq!(shop.wave.look(wolo_sandbox::wave::Book::balance), 1_000_000 - 1_010);
    shop.wave.move_clock(Duration::from_mins(2));
    assert_eq!(shop.act(&reverse(&payout)).await.0, 200);
    let (status, refusal) = shop.act(&reverse(&late)).await;
    assert_eq!(
        (status.as_u16(), &refusal["error_code"]),
        (422, &json!("payout-reversal-time-limit-exceeded"))
    );
    assert_eq!(shop.act("/v1/payout/pt-none/reverse").await.0, 404);
    assert_exact(&shop.wave.book());
}

#[tokio::test]
async fn a_payout_can_be_left_processing_and_settled() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::StaysProcessing).times(2));
    let (_, good) = shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    let (_, bad) = shop.payout("k2", &order("2000", AWA, "dist_2")).await;
    assert_eq!((&good["status"], &bad["status"]), (&json!("processing"), &json!("processing")));
    // Not debited yet, but not to be spent twice either.
    assert_eq!(shop.wave.look(wolo_sandbox::wave::Book::balance), 1_000_000);
    assert_eq!(shop.get("/v1/balance").await.1["amount"], "996970");
    assert_eq!(shop.act(&format!("/v1/payout/{}/reverse", good["id"].as_str().unwrap())).await.0, 409);

    let (good, bad) = (good["id"].as_str().unwrap(), bad["id"].as_str().unwrap());
    shop.wave.settle_payout(good, None).unwrap();
    shop.wave.settle_payout(bad, Some("recipient-limit-exceeded")).unwrap();
    assert!(shop.wave.settle_payout(good, None).is_err());
    assert_eq!(shop.get(&format!("/v1/payout/{good}")).await.1["status"], "succeeded");
    let (status, failed) = shop.get(&format!("/v1/payout/{bad}")).await;
    assert_eq!((status.as_u16(), &failed["status"]), (200, &json!("failed")));
    assert_eq!(failed["payout_error"]["error_code"], "recipient-limit-exceeded");
    assert_eq!(shop.get("/v1/balance").await.1["amount"], "998990");
    assert_exact(&shop.wave.book());
}

#[tokio::test]
async fn a_batch_is_settled_after_a_few_reads() {
    let shop = Shop::open().await;
    let items = [
        order("1000", AWA, "dist_1"),
        order("1000", "+221770000094", "dist_2"),
        order("9999999", AWA, "dist_3"),
    ];
    let body = json!({ "payouts": items });
    let send = || shop.request(Method::POST, "/v1/payout-batch").header("idempotency-key", "b1").json(&body);
    let (status, batch) = answer(send()).await;
    assert_eq!(status, 200);
    assert_eq!(answer(send()).await.1, batch);
    let path = format!("/v1/payout-batch/{}", batch["id"].as_str().unwrap());
    for expected in ["processing", "processing", "complete", "complete"] {
        assert_eq!(shop.get(&path).await.1["status"], expected);
    }
    let (_, read) = shop.get(&path).await;
    let statuses: Vec<_> =
        read["payouts"].as_array().unwrap().iter().map(|one| one["status"].as_str()).collect();
    assert_eq!(statuses, [Some("succeeded"), Some("failed"), Some("failed")]);
    assert_eq!(read["payouts"][1]["payout_error"]["error_code"], "recipient-minor");
    assert_eq!(read["payouts"][2]["payout_error"]["error_code"], "insufficient-funds");
    let book = shop.wave.book();
    assert_eq!(book.balance(), 1_000_000 - 1_010);
    assert_eq!(book.available(), book.balance());
    assert_eq!(book.payouts().iter().filter(|one| one.status == PayoutStatus::Succeeded).count(), 1);

    assert_eq!(shop.get("/v1/payout-batch/pb-none").await.0, 404);
    assert_eq!(shop.post("/v1/payout-batch", &body).await.0, 400);
    let empty = shop.request(Method::POST, "/v1/payout-batch").header("idempotency-key", "b2");
    assert_eq!(answer(empty.json(&json!({ "payouts": [] }))).await.0, 422);
}

#[tokio::test]
async fn a_recipient_is_verified_with_and_without_the_slash() {
    let shop = Shop::open().await;
    let person = Person { name: Some("Awa Ndiaye".into()), national_id: None };
    shop.wave.know_person(AWA, person);
    let ask = json!({ "mobile": AWA, "name": "awa ndiaye", "national_id": "1", "amount": "500", "currency": "XOF" });
    let expected =
        json!({ "within_limits": true, "name_match": "MATCH", "national_id_match": "ID_NOT_KNOWN" });
    for path in ["/v1/verify_recipient/", "/v1/verify_recipient"] {
        assert_eq!(shop.post(path, &ask).await, (StatusCode::OK, expected.clone()));
    }
    let other = json!({ "mobile": AWA, "name": "Boubacar Sy" });
    let (_, answer) = shop.post("/v1/verify_recipient/", &other).await;
    assert_eq!((&answer["name_match"], &answer["national_id_match"]), (&json!("NO_MATCH"), &Value::Null));
    let limited = json!({ "mobile": "+221770000093" });
    assert_eq!(shop.post("/v1/verify_recipient/", &limited).await.1["within_limits"], false);
    let unknown = json!({ "mobile": AWA, "surname": "x" });
    assert_eq!(shop.post("/v1/verify_recipient/", &unknown).await.0, 422);
}

#[tokio::test]
async fn thirty_checks_of_one_phone_block_it_for_an_hour() {
    let shop = Shop::open().await;
    let ask = json!({ "mobile": AWA });
    let check = async || shop.post("/v1/verify_recipient/", &ask).await;
    for _ in 0..30 {
        assert_eq!(check().await.0, 200);
    }
    let (status, refusal) = check().await;
    assert_eq!((status.as_u16(), &refusal["error_code"]), (429, &json!("too-many-requests")));
    let other = json!({ "mobile": "+221770000008" });
    assert_eq!(shop.post("/v1/verify_recipient/", &other).await.0, 200);
    shop.wave.move_clock(Duration::from_mins(59));
    assert_eq!(check().await.0, 429);
    shop.wave.move_clock(Duration::from_mins(2));
    assert_eq!(check().await.0, 200);
}
