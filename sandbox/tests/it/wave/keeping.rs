use std::time::Duration;

use serde_json::Value;
use wolo_sandbox::wave::{DeliveryState, Error, Options, Wave, WebhookFault, WebhookFaultRule};

use super::{AWA, SOON, Shop, assert_exact, options, order, receiver::Receiver};

fn kept(folder: &tempfile::TempDir) -> Options {
    Options { data_folder: Some(folder.path().join("wave")), ..options() }
}

#[tokio::test]
async fn a_kept_book_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::with(kept(&folder)).await;
    let paid = shop.paid("5000", "don_1").await;
    let body = order("1000", AWA, "dist_1");
    let sent = shop.payout("k1", &body).await;
    shop.wave.move_clock(Duration::from_hours(24));
    let before = shop.wave.book();
    shop.wave.shutdown().await.unwrap();

    let shop = Shop::with(Options { opening_balance: 1, ..kept(&folder) }).await;
    let after = shop.wave.book();
    assert_eq!(serde_json::to_value(&after).unwrap(), serde_json::to_value(&before).unwrap());
    // Ids, references, transactions and keys are found again, and the clock is still ahead.
    assert_eq!(shop.get(&format!("/v1/checkout/sessions/{}", paid.id)).await.0, 200);
    let by_transaction = format!("/v1/checkout/sessions?transaction_id={}", paid.transaction_id.unwrap());
    assert_eq!(shop.get(&by_transaction).await.0, 200);
    assert_eq!(shop.payout("k1", &body).await, sent);
    assert_eq!(shop.wave.executed_payouts("dist_1").len(), 1);
    assert_eq!(shop.get("/v1/transactions").await.1["items"], serde_json::json!([]));
    let yesterday = after.movements()[0].when.date_naive();
    let (_, page) = shop.get(&format!("/v1/transactions?date={yesterday}")).await;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    assert_exact(&after);
}

#[tokio::test]
async fn changes_are_kept_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::with(kept(&folder)).await;
    shop.paid("5000", "don_1").await;
    let file = folder.path().join("wave").join("wave.json");
    // No end is announced here: the file itself is the fact.
    let written = async {
        loop {
            if let Ok(text) = tokio::fs::read(&file).await {
                let saved: Value = serde_json::from_slice(&text).unwrap();
                if saved["book"]["movements"].as_array().is_some_and(|lines| lines.len() == 1) {
                    return;
                }
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, written).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_delivery_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Receiver::open().await;
    let shop = Shop::with(kept(&folder)).await;
    shop.wave.register_webhook(&receiver.url);
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Held));
    shop.paid("5000", "don_1").await;
    shop.wait(|book| (book.deliveries()[0].state == DeliveryState::Held).then_some(())).await;
    shop.wave.shutdown().await.unwrap();
    assert!(receiver.letters().is_empty());

    let shop = Shop::with(kept(&folder)).await;
    assert_eq!(receiver.wait(1).await[0].json()["data"]["client_reference"], "don_1");
    shop.wait(|book| (book.deliveries()[0].state == DeliveryState::Delivered).then_some(())).await;
}

#[tokio::test]
async fn a_spoilt_book_is_refused_rather_than_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wave").join("wave.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "{\"clock_offset").unwrap();
    assert!(matches!(Wave::start(kept(&folder)).await, Err(Error::BookContent { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"{\"clock_offset");
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let shop = Shop::open().await;
    let port = shop.wave.base_url().rsplit(':').next().unwrap().parse().unwrap();
    assert!(matches!(Wave::start(Options { port, ..options() }).await, Err(Error::Listen { .. })));
}
