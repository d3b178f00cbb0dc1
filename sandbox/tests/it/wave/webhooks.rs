use std::time::Duration;

use chrono::Utc;
use wolo_sandbox::wave::{
    DeliveryState, Options, Retry, Strategy, WebhookEndpoint, WebhookFault, WebhookFaultRule,
    signature::{self, SignatureFault},
};

use super::{
    SOON, Shop, options,
    receiver::{Letter, Receiver},
};

async fn shop_with(receiver: &Receiver) -> Shop {
    let shop = Shop::open().await;
    shop.wave.register_webhook(&receiver.url);
    shop
}

fn check(shop: &Shop, letter: &Letter) -> Result<(), SignatureFault> {
    check_with(shop.wave.webhook_secret(), letter)
}

fn check_with(secret: &str, letter: &Letter) -> Result<(), SignatureFault> {
    signature::check(letter.signature(), secret, &letter.body, Utc::now().timestamp())
}

/// Waits until every delivery has come to an end, and says how.
async fn ends(shop: &Shop) -> Vec<DeliveryState> {
    shop.wait(|book| {
        let states: Vec<_> = book.deliveries().iter().map(|delivery| delivery.state).collect();
        states
            .iter()
            .all(|state| !matches!(state, DeliveryState::Pending | DeliveryState::Held))
            .then_some(states)
    })
    .await
}

async fn held(shop: &Shop) {
    shop.wait(|book| book.deliveries().iter().find(|one| one.state == DeliveryState::Held).map(|_| ())).await;
}

#[tokio::test]
async fn a_payment_is_told_once_and_signed() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    let paid = shop.paid("5000", "don_1").await;
    let letter = receiver.wait(1).await.remove(0);
    assert_eq!(check(&shop, &letter), Ok(()));
    let event = letter.json();
    assert!(event["id"].as_str().unwrap().starts_with("EV_"));
    assert_eq!(event["type"], "checkout.session.completed");
    assert_eq!(event["data"], shop.get(&format!("/v1/checkout/sessions/{}", paid.id)).await.1);
    assert_eq!(ends(&shop).await, [DeliveryState::Delivered]);
}

#[tokio::test]
async fn the_other_events_are_told_too() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    let session = shop.create("5000", "don_1").await;
    shop.wave.fail_payment(session["id"].as_str().unwrap(), Some("blocked-account")).unwrap();
    let failed = receiver.wait(1).await[0].json();
    assert_eq!(failed["type"], "checkout.session.payment_failed");
    assert_eq!(failed["data"]["last_payment_error"]["code"], "blocked-account");
    assert_eq!(failed["data"]["checkout_status"], "open");

    let transaction = shop.wave.receive_payment(2_000, "+221770000003");
    let shop_sale = receiver.wait(2).await[1].json();
    assert_eq!(shop_sale["type"], "merchant.payment_received");
    assert!(shop_sale["id"].as_str().unwrap().starts_with("AE_"));
    let data = &shop_sale["data"];
    assert_eq!(
        (&data["id"], &data["amount"], &data["fee"]),
        (&transaction.into(), &"2000".into(), &"20".into())
    );

    let id = shop.wave.send_test_event();
    let test = receiver.wait(3).await[2].json();
    assert_eq!((&test["id"], &test["type"]), (&id.into(), &"test.test_event".into()));
}

#[tokio::test]
async fn an_unwilling_receiver_is_tried_again() {
    let receiver = Receiver::answering(&[500, 404, 302]).await;
    let shop = shop_with(&receiver).await;
    shop.paid("5000", "don_1").await;
    let letters = receiver.wait(4).await;
    assert!(letters.iter().all(|letter| letter.body == letters[0].body && check(&shop, letter).is_ok()));
    assert_eq!(ends(&shop).await, [DeliveryState::Delivered]);
    let tries = shop.wave.book().deliveries()[0].attempts.iter().map(|one| one.status).collect::<Vec<_>>();
    assert_eq!(tries, [Some(500), Some(404), Some(302), Some(200)]);
}

#[tokio::test]
async fn silence_is_a_failed_attempt_and_trying_ends() {
    // A socket that accepts and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", silent.local_addr().unwrap());
    let retry = Retry { attempts: 2, ..Retry::QUICK };
    let timeout = Duration::from_millis(50);
    let shop = Shop::with(Options { webhook_retry: retry, webhook_timeout: timeout, ..options() }).await;
    shop.wave.register_webhook(&url);
    shop.paid("5000", "don_1").await;
    assert_eq!(ends(&shop).await, [DeliveryState::Refused]);
    let tries = shop.wave.book().deliveries()[0].attempts.iter().map(|one| one.status).collect::<Vec<_>>();
    assert_eq!(tries, [None, None]);
}

#[tokio::test]
async fn waiting_retries_can_be_hurried() {
    let receiver = Receiver::answering(&[503]).await;
    let hour = Duration::from_hours(1);
    let retry = Retry { first: hour, longest: hour, attempts: 9 };
    let shop = Shop::with(Options { webhook_retry: retry, ..options() }).await;
    shop.wave.register_webhook(&receiver.url);
    shop.paid("5000", "don_1").await;
    shop.wait(|book| (book.deliveries()[0].attempts.len() == 1).then_some(())).await;
    shop.wave.retry_webhooks();
    receiver.wait(2).await;
    assert_eq!(ends(&shop).await, [DeliveryState::Delivered]);
}

#[tokio::test]
async fn a_rotation_signs_with_both_secrets() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    let both = vec!["wave_sn_WHS_new".to_owned(), "wave_sn_WHS_old".to_owned()];
    shop.wave.register_endpoint(WebhookEndpoint {
        url: receiver.url.clone(),
        secrets: both,
        strategy: Strategy::Signing,
        events: Vec::new(),
    });
    shop.paid("5000", "don_1").await;
    let letter = receiver.wait(1).await.remove(0);
    assert_eq!(letter.signature().matches("v1=").count(), 2);
    assert_eq!(check_with("wave_sn_WHS_new", &letter), Ok(()));
    assert_eq!(check_with("wave_sn_WHS_old", &letter), Ok(()));
    assert_eq!(check(&shop, &letter), Err(SignatureFault::Mismatch));
}

#[tokio::test]
async fn an_endpoint_may_want_a_shared_secret_and_some_events_only() {
    let receiver = Receiver::open().await;
    let shop = Shop::open().await;
    shop.wave.register_endpoint(WebhookEndpoint {
        url: receiver.url.clone(),
        secrets: vec!["wave_sn_WHS_shared".into()],
        strategy: Strategy::SharedSecret,
        events: vec!["test.test_event".into()],
    });
    shop.paid("5000", "don_1").await;
    shop.wave.send_test_event();
    let letter = receiver.wait(1).await.remove(0);
    assert_eq!(letter.json()["type"], "test.test_event");
    assert_eq!(letter.headers["authorization"], "Bearer wave_sn_WHS_shared");
    assert!(!letter.headers.contains_key("wave-signature"));
    assert_eq!(shop.wave.look(|book| book.deliveries().len()), 1);

    assert!(shop.wave.remove_webhook(&receiver.url));
    assert!(!shop.wave.remove_webhook(&receiver.url));
}

#[tokio::test]
async fn a_duplicate_is_the_same_event_again() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Duplicate { copies: 3 }));
    shop.paid("5000", "don_1").await;
    let letters = receiver.wait(4).await;
    assert!(letters.iter().all(|letter| letter.body == letters[0].body && check(&shop, letter).is_ok()));
    assert_eq!(ends(&shop).await, [DeliveryState::Delivered; 4]);
}

#[tokio::test]
async fn a_rule_about_one_event_comes_before_those_about_any() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Duplicate { copies: 1 }));
    let about = Some("don_1".to_owned());
    shop.wave.webhook_fault(WebhookFaultRule { about, ..WebhookFaultRule::always(WebhookFault::Lost) });
    shop.paid("5000", "don_1").await;
    assert_eq!(ends(&shop).await, [DeliveryState::Lost]);
    shop.paid("5000", "don_2").await;
    assert_eq!(receiver.wait(2).await.len(), 2);
}

#[tokio::test]
async fn a_lost_event_can_be_asked_for_again() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Lost));
    shop.paid("5000", "don_1").await;
    assert_eq!(ends(&shop).await, [DeliveryState::Lost]);
    assert!(receiver.letters().is_empty());
    let event = shop.wave.look(|book| book.events()[0].id.clone());
    shop.wave.deliver_again(&event).unwrap();
    assert_eq!(receiver.wait(1).await[0].json()["id"], event);
    assert!(shop.wave.deliver_again("EV_none").is_err());
}

#[tokio::test]
async fn a_held_event_waits_for_its_release() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Held));
    shop.paid("5000", "don_1").await;
    held(&shop).await;
    // The next one is not concerned.
    shop.paid("5000", "don_2").await;
    assert_eq!(receiver.wait(1).await[0].json()["data"]["client_reference"], "don_2");
    shop.wave.release_webhooks();
    assert_eq!(receiver.wait(2).await[1].json()["data"]["client_reference"], "don_1");
}

#[tokio::test]
async fn a_late_event_comes_after_its_time() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Late { millis: 150 }));
    let before = std::time::Instant::now();
    shop.paid("5000", "don_1").await;
    receiver.wait(1).await;
    assert!(before.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_reordered_event_comes_after_the_next() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Reordered));
    shop.paid("5000", "don_1").await;
    held(&shop).await;
    shop.paid("5000", "don_2").await;
    let order: Vec<_> = receiver
        .wait(2)
        .await
        .iter()
        .map(|letter| letter.json()["data"]["client_reference"].clone())
        .collect();
    assert_eq!(order, ["don_2", "don_1"]);
}

#[tokio::test]
async fn a_forged_event_does_not_fit_its_signature_and_is_not_repeated() {
    let receiver = Receiver::answering(&[401]).await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Forged));
    shop.paid("5000", "don_1").await;
    assert_eq!(ends(&shop).await, [DeliveryState::Refused]);
    assert_eq!(check(&shop, &receiver.letters()[0]), Err(SignatureFault::Mismatch));
    let delivery = shop.wave.look(|book| book.deliveries()[0].clone());
    assert_eq!((delivery.fault.as_deref(), delivery.attempts.len()), (Some("forged"), 1));
    assert_eq!(receiver.letters().len(), 1);
}

#[tokio::test]
async fn a_tampered_amount_is_betrayed_by_its_signature_unless_signed_anew() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    for (resigned, outcome) in [(false, Err(SignatureFault::Mismatch)), (true, Ok(()))] {
        let fault = WebhookFault::Tampered { amount: 500_000, resigned };
        shop.wave.webhook_fault(WebhookFaultRule::once(fault));
        shop.paid("5000", "don_1").await;
        let count = receiver.letters().len();
        let letters = receiver.wait(count.max(1 + usize::from(resigned))).await;
        let letter = letters.last().unwrap();
        assert_eq!(letter.json()["data"]["amount"], "500000");
        assert_eq!(check(&shop, letter), outcome);
        ends(&shop).await;
    }
}

#[tokio::test]
async fn a_stale_event_is_outside_the_window() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Stale { seconds: 600 }));
    shop.paid("5000", "don_1").await;
    let letter = receiver.wait(1).await.remove(0);
    assert_eq!(check(&shop, &letter), Err(SignatureFault::OutsideWindow));
    let then =
        signature::check(letter.signature(), shop.wave.webhook_secret(), &letter.body, letter.signed_at());
    assert_eq!(then, Ok(()));
}

#[tokio::test]
async fn a_webhook_fault_can_be_about_one_gift() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    let lost = WebhookFaultRule::always(WebhookFault::Lost);
    let number = shop.wave.webhook_fault(WebhookFaultRule {
        event: Some("checkout.session.completed".into()),
        about: Some("don_2".into()),
        ..lost
    });
    for reference in ["don_1", "don_2"] {
        shop.paid("5000", reference).await;
    }
    let mut states = ends(&shop).await;
    assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Lost]);
    assert!(shop.wave.remove_fault(number));
    shop.paid("5000", "don_2").await;
    states = ends(&shop).await;
    assert_eq!(states[2], DeliveryState::Delivered);
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_held_webhooks() {
    let receiver = Receiver::open().await;
    let shop = shop_with(&receiver).await;
    shop.wave.webhook_fault(WebhookFaultRule::once(WebhookFault::Held));
    shop.paid("5000", "don_1").await;
    held(&shop).await;
    tokio::time::timeout(SOON, shop.wave.shutdown()).await.unwrap().unwrap();
    assert!(receiver.letters().is_empty());
}
