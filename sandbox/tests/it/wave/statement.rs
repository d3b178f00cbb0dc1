use std::time::Duration;

use serde_json::{Value, json};
use wolo_sandbox::wave::{MovementKind, Options};

use super::{AWA, Shop, assert_exact, options, order};

#[tokio::test]
async fn a_day_is_read_page_by_page() {
    let shop = Shop::with(Options { page_size: 2, ..options() }).await;
    for number in 0..5 {
        shop.paid("1000", &format!("don_{number}")).await;
    }
    let mut path = "/v1/transactions".to_owned();
    let mut references = Vec::new();
    let mut pages = 0;
    loop {
        let (status, page) = shop.get(&path).await;
        assert_eq!(status, 200);
        pages += 1;
        let items = page["items"].as_array().unwrap();
        references.extend(items.iter().map(|line| line["client_reference"].as_str().unwrap().to_owned()));
        if page["page_info"]["has_next_page"] == false {
            break;
        }
        path = format!("/v1/transactions?after={}", page["page_info"]["end_cursor"].as_str().unwrap());
    }
    assert_eq!(pages, 3);
    assert_eq!(references, ["don_0", "don_1", "don_2", "don_3", "don_4"]);

    let (_, page) = shop.get("/v1/transactions?first=4").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 4);
    let (_, page) = shop.get("/v1/transactions?first=5").await;
    assert_eq!(page["page_info"]["has_next_page"], false);

    // A cursor stays true when lines are added behind it.
    let end = page["page_info"]["end_cursor"].as_str().unwrap().to_owned();
    shop.paid("1000", "don_5").await;
    let (_, page) = shop.get(&format!("/v1/transactions?after={end}")).await;
    assert_eq!(page["items"][0]["client_reference"], "don_5");
    assert_eq!(page["page_info"]["start_cursor"], end);
}

#[tokio::test]
async fn each_day_has_its_own_lines() {
    let shop = Shop::open().await;
    shop.paid("1000", "don_1").await;
    let first = shop.wave.now().date_naive();
    shop.wave.move_clock(Duration::from_hours(24));
    shop.paid("1000", "don_2").await;
    let (_, today) = shop.get("/v1/transactions").await;
    assert_eq!(today["items"][0]["client_reference"], "don_2");
    let (_, yesterday) = shop.get(&format!("/v1/transactions?date={first}")).await;
    assert_eq!(yesterday["date"], first.to_string());
    assert_eq!(yesterday["items"].as_array().unwrap().len(), 1);
    let (_, empty) = shop.get("/v1/transactions?date=2001-01-01").await;
    assert_eq!((&empty["items"], &empty["page_info"]["has_next_page"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let shop = Shop::open().await;
    for query in ["date=yesterday", "date=2026-13-01", "first=0", "first=1001", "first=x", "after=nonsense"] {
        let (status, body) = shop.get(&format!("/v1/transactions?{query}")).await;
        assert_eq!((status.as_u16(), &body["code"]), (422, &json!("request-validation-error")), "{query}");
    }
}

#[tokio::test]
async fn every_kind_of_movement_is_a_line() {
    let shop = Shop::open().await;
    let paid = shop.paid("5000", "don_1").await;
    shop.act(&format!("/v1/checkout/sessions/{}/refund", paid.id)).await;
    let (_, payout) = shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    shop.act(&format!("/v1/payout/{}/reverse", payout["id"].as_str().unwrap())).await;
    let shop_payment = shop.wave.receive_payment(2_000, AWA);
    let refund = format!("/v1/transactions/{shop_payment}/refund");
    for _ in 0..2 {
        assert_eq!(shop.act(&refund).await, (reqwest::StatusCode::OK, Value::Null));
    }
    shop.wave.write_line(MovementKind::MerchantSweep, -10_000, 0, None);

    let (_, page) = shop.get("/v1/transactions").await;
    let lines: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            (
                text("transaction_type"),
                text("amount"),
                text("fee"),
                text("balance"),
                line["is_reversal"] == true,
            )
        })
        .collect();
    let line = |kind: &str, amount: &str, fee: &str, balance: &str, reversal| {
        (kind.to_owned(), amount.to_owned(), fee.to_owned(), balance.to_owned(), reversal)
    };
    assert_eq!(
        lines,
        [
            line("api_checkout", "4950", "50", "1004950", false),
            line("api_checkout_refund", "-4950", "-50", "1000000", true),
            line("api_payout", "-1010", "10", "998990", false),
            line("api_payout_reversal", "1010", "-10", "1000000", true),
            line("merchant_payment", "1980", "20", "1001980", false),
            line("merchant_payment_refund", "-1980", "-20", "1000000", true),
            line("merchant_sweep", "-10000", "0", "990000", false),
        ]
    );
    assert_eq!(page["items"][0]["checkout_api_session_id"], paid.id);
    assert_eq!(page["items"][0]["counterparty_mobile"], "+221770000001");
    assert_exact(&shop.wave.book());
}

#[tokio::test]
async fn a_gift_can_be_refunded_by_its_line_and_a_payout_cannot() {
    let shop = Shop::open().await;
    let paid = shop.paid("5000", "don_1").await;
    let refund = format!("/v1/transactions/{}/refund", paid.transaction_id.unwrap());
    assert_eq!(shop.act(&refund).await.0, 200);
    // The session's own refund knows that it is done.
    assert_eq!(shop.act(&format!("/v1/checkout/sessions/{}/refund", paid.id)).await.0, 200);
    assert_eq!(shop.wave.look(|book| book.movements().len()), 2);

    shop.payout("k1", &order("1000", AWA, "dist_1")).await;
    let sent = shop.wave.look(|book| book.movements()[2].transaction_id.clone());
    assert_eq!(shop.act(&format!("/v1/transactions/{sent}/refund")).await.0, 400);
    assert_eq!(shop.act("/v1/transactions/T0/refund").await.0, 404);
}
