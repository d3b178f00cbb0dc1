use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;
use wolo_sandbox::wave::{Book, Endpoint, Fault, FaultRule, Release, RetryAfter};

use super::{AWA, SOON, Shop, assert_exact, order};

/// Whether the connection ended without an answer.
async fn dropped(request: reqwest::RequestBuilder) -> bool {
    request.send().await.is_err_and(|error| error.is_request() && !error.is_connect() && !error.is_timeout())
}

#[tokio::test]
async fn a_delay_comes_before_the_work() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::Balance, Fault::Delay { millis: 120 }));
    let before = Instant::now();
    assert_eq!(shop.get("/v1/balance").await.0, 200);
    assert!(before.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn too_many_requests_says_when_to_come_back_or_not() {
    let shop = Shop::open().await;
    for retry_after in [None, Some(RetryAfter::Seconds(7)), Some(RetryAfter::Date(7))] {
        shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::TooManyRequests { retry_after }));
        let response = shop.payout_request("k1", &order("1000", AWA, "dist_1")).send().await.unwrap();
        assert_eq!(response.status(), 429);
        let header = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        match retry_after {
            None => assert_eq!(header, None),
            Some(RetryAfter::Seconds(_)) => assert_eq!(header.as_deref(), Some("7")),
            Some(RetryAfter::Date(_)) => {
                let header = header.unwrap();
                assert!(header.ends_with(" GMT"), "{header}");
                let when = DateTime::parse_from_rfc2822(&header).unwrap();
                let wait = (when.to_utc() - Utc::now()).num_seconds();
                assert!((5..=8).contains(&wait), "{wait}");
            }
        }
    }
    assert!(shop.wave.look(|book| book.payouts().is_empty()));
}

#[tokio::test]
async fn an_error_before_does_nothing_and_an_error_after_did_it() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::ErrorBefore { status: 503 }));
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::ErrorAfter { status: 500 }));
    let body = order("1000", AWA, "dist_1");
    let (status, refusal) = shop.payout("k1", &body).await;
    assert_eq!((status.as_u16(), &refusal["code"]), (503, &json!("service-unavailable")));
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 0);
    assert_eq!(shop.payout("k1", &body).await.0, 500);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
    // The same key finds the payout that was made.
    assert_eq!(shop.payout("k1", &body).await.0, 200);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
    assert_eq!(shop.wave.calls(Endpoint::PayoutCreate), 3);
}

#[tokio::test]
async fn a_rule_about_something_comes_before_those_about_anything() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::LostReply));
    shop.wave
        .fault(FaultRule::always(Endpoint::PayoutCreate, Fault::ErrorBefore { status: 503 }).about("dist_1"));
    for _ in 0..2 {
        assert_eq!(shop.payout("k1", &order("1000", AWA, "dist_1")).await.0, 503);
    }
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 0);
    // The other rule has kept its one use for somebody else.
    assert!(dropped(shop.payout_request("k2", &order("1000", AWA, "dist_2"))).await);
    assert_eq!(shop.wave.executed_payouts("dist_2").len(), 1);
}

#[tokio::test]
async fn a_lost_request_did_nothing_and_a_lost_reply_did_it() {
    let shop = Shop::open().await;
    let body = order("1000", AWA, "dist_1");
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::LostRequest));
    assert!(dropped(shop.payout_request("k1", &body)).await);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 0);
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::LostReply));
    assert!(dropped(shop.payout_request("k1", &body)).await);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
    assert_eq!(shop.payout("k1", &body).await.0, 200);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
    assert_exact(&shop.wave.book());
}

#[tokio::test]
async fn a_stalled_reply_waits_with_its_work_done() {
    let shop = Shop::open().await;
    for (reference, how) in [("dist_1", Release::Answer), ("dist_2", Release::Drop)] {
        shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::StalledReply));
        let call = tokio::spawn(shop.payout_request(reference, &order("1000", AWA, reference)).send());
        shop.wave.wait_for_stalled(1, SOON).await.unwrap();
        assert_eq!(shop.wave.executed_payouts(reference).len(), 1);
        assert!(!call.is_finished());
        shop.wave.release_stalled(how);
        let outcome = call.await.unwrap();
        assert_eq!(outcome.is_ok(), how == Release::Answer);
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_ends_its_stalled_reply() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::StalledReply));
    let call = tokio::spawn(shop.payout_request("k1", &order("1000", AWA, "dist_1")).send());
    shop.wave.wait_for_stalled(1, SOON).await.unwrap();
    call.abort();
    shop.wait(|book| (book.traffic().stalled == 0).then_some(())).await;
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
}

#[tokio::test]
async fn a_stalled_reply_does_not_hold_up_the_shutdown() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::Balance, Fault::StalledReply));
    let call = tokio::spawn(shop.request(reqwest::Method::GET, "/v1/balance").send());
    shop.wave.wait_for_stalled(1, SOON).await.unwrap();
    tokio::time::timeout(SOON, shop.wave.shutdown()).await.unwrap().unwrap();
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn replies_can_be_malformed_or_show_another_amount() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::MalformedReply));
    let body = order("1000", AWA, "dist_1");
    let response = shop.payout_request("k1", &body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&response.bytes().await.unwrap()).is_err());
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);

    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, Fault::OtherAmount { amount: 7 }));
    assert_eq!(shop.payout("k1", &body).await.1["receive_amount"], "7");
    assert_eq!(shop.payout("k1", &body).await.1["receive_amount"], "1000");
    let session = shop.create("5000", "don_1").await;
    shop.wave.fault(FaultRule::once(Endpoint::CheckoutSearch, Fault::OtherAmount { amount: 7 }));
    let (_, found) = shop.get("/v1/checkout/sessions/search?client_reference=don_1").await;
    assert_eq!((&found["result"][0]["amount"], &found["result"][0]["id"]), (&json!("7"), &session["id"]));
}

#[tokio::test]
async fn a_reply_can_be_anything_at_all() {
    let shop = Shop::open().await;
    let hostile = Fault::OtherReply {
        status: 302,
        body: "[".into(),
        repeat: 100_000,
        location: Some("http://169.254.169.254/".into()),
    };
    shop.wave.fault(FaultRule::once(Endpoint::Balance, hostile));
    let response = shop.request(reqwest::Method::GET, "/v1/balance").send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "http://169.254.169.254/");
    assert_eq!(response.bytes().await.unwrap().len(), 100_000);
}

#[tokio::test]
async fn a_call_can_be_refused_with_any_code() {
    let shop = Shop::open().await;
    let refused = Fault::Refused { status: 409, code: "idempotency-mismatch".into() };
    shop.wave.fault(FaultRule::once(Endpoint::PayoutCreate, refused));
    let (status, body) = shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    assert_eq!((status.as_u16(), &body["code"]), (409, &json!("idempotency-mismatch")));
    assert!(shop.wave.look(|book| book.payouts().is_empty()));
}

#[tokio::test]
async fn a_search_can_be_blind_for_a_while() {
    let shop = Shop::open().await;
    let paid = shop.paid("5000", "don_1").await;
    shop.paid("5000", "don_2").await;
    shop.wave.fault(FaultRule::always(Endpoint::CheckoutSearch, Fault::SearchBlind).times(2).about("don_1"));
    let count = async |reference: &str| {
        let path = format!("/v1/checkout/sessions/search?client_reference={reference}");
        shop.get(&path).await.1["result"].as_array().unwrap().len()
    };
    assert_eq!((count("don_1").await, count("don_2").await), (0, 1));
    assert_eq!((count("don_1").await, count("don_1").await), (0, 1));

    let number = shop.wave.fault(FaultRule::always(Endpoint::CheckoutSearch, Fault::SearchBlind));
    let by_transaction = format!("/v1/checkout/sessions?transaction_id={}", paid.transaction_id.unwrap());
    assert_eq!(shop.get(&by_transaction).await.0, 404);
    assert!(shop.wave.remove_fault(number));
    assert_eq!(shop.get(&by_transaction).await.0, 200);

    shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutSearch, Fault::SearchBlind));
    let payouts = "/v1/payouts/search?client_reference=dist_1";
    assert_eq!(shop.get(payouts).await.1["result"], json!([]));
    assert_eq!(shop.get(payouts).await.1["result"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_balance_can_be_short_for_a_call() {
    let shop = Shop::open().await;
    shop.wave
        .fault(FaultRule { endpoint: None, ..FaultRule::always(Endpoint::Balance, Fault::ShortBalance) });
    let paid = shop.paid("5000", "don_1").await;
    assert_eq!(shop.get("/v1/balance").await.1["amount"], "0");
    let (status, refusal) = shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    assert_eq!((status.as_u16(), &refusal["error_code"]), (422, &json!("insufficient-funds")));
    let (_, refusal) = shop.act(&format!("/v1/checkout/sessions/{}/refund", paid.id)).await;
    assert_eq!(refusal["code"], "checkout-refund-failed");
    let (_, refusal) = shop.act(&format!("/v1/transactions/{}/refund", paid.transaction_id.unwrap())).await;
    assert_eq!(refusal["code"], "checkout-refund-failed");
    shop.wave.clear_faults();
    let (_, payout) = shop.payout("k2", &order("1000", AWA, "dist_1")).await;
    shop.wave.fault(FaultRule::once(Endpoint::PayoutReverse, Fault::ShortBalance));
    let reverse = format!("/v1/payout/{}/reverse", payout["id"].as_str().unwrap());
    let (status, refusal) = shop.act(&reverse).await;
    assert_eq!((status.as_u16(), &refusal["error_code"]), (422, &json!("insufficient-funds")));
    assert_eq!(shop.act(&reverse).await.0, 200);
    assert_eq!(shop.wave.look(Book::balance), 1_004_950);
}

#[tokio::test]
async fn a_delay_joins_another_fault() {
    let shop = Shop::open().await;
    shop.wave.fault(FaultRule::always(Endpoint::Balance, Fault::Delay { millis: 30 }));
    shop.wave.fault(FaultRule::once(Endpoint::Balance, Fault::ErrorBefore { status: 500 }));
    let before = Instant::now();
    assert_eq!(shop.get("/v1/balance").await.0, 500);
    assert!(before.elapsed() >= Duration::from_millis(30));
    assert_eq!(shop.get("/v1/balance").await.0, 200);
    shop.wave.wait_for_calls(Endpoint::Balance, 2, SOON).await.unwrap();
}

#[tokio::test]
async fn a_fact_that_does_not_come_is_an_error() {
    let shop = Shop::open().await;
    let never = shop.wave.wait_for_calls(Endpoint::Balance, 1, Duration::from_millis(20)).await;
    assert!(matches!(never, Err(wolo_sandbox::wave::Error::Deadline(_))));
}
