use chrono::TimeDelta;
use wolo_database::donations::{self, Payment, Refunding};
use wolo_database::{Error, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::Account;

use crate::scene::{Scene, checkout, noon, payment, wave_now, xof};

/// A gift of 1,000 that was paid after its pot had closed.
async fn late_gift(scene: &Scene) -> DonationId {
    let pot = scene.open().await;
    let donation = scene.requested(pot, 1_000).await;
    donations::attach_checkout(&scene.pool, donation, &checkout(donation)).await.expect("a checkout");
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let paid = Payment { at: wave_now() + TimeDelta::minutes(1), ..payment(donation, 1_000) };
    let stage = donations::confirm(&scene.pool, donation, &paid, 0).await.expect("a stage");
    assert_eq!(stage, DonationStage::RefundDue);
    donation
}

#[tokio::test]
async fn a_late_gift_goes_back_once() {
    let scene = Scene::new().await;
    let donation = late_gift(&scene).await;
    let error = donations::record_refund(&scene.pool, donation).await.expect_err("nobody meant to");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");

    let due = Refunding::Due { checkout_id: format!("cos-{donation}"), amount: xof(1_000) };
    for _ in 0..2 {
        assert_eq!(donations::begin_refund(&scene.pool, donation).await.expect("an intent"), due);
    }
    assert_eq!(scene.balance(Account::RefundsDue).await, 1_000, "an intent moves nothing");
    for _ in 0..2 {
        donations::record_refund(&scene.pool, donation).await.expect("a refund");
    }
    assert_eq!(donations::begin_refund(&scene.pool, donation).await.expect("an answer"), Refunding::Refunded);
    assert_eq!(scene.balance(Account::RefundsDue).await, 0);
    assert_eq!(scene.balance(Account::WaveFloat).await, 0);
    assert_eq!(scene.events("donation_refunded").await, 1);
    let found = donations::donation(&scene.pool, donation).await.expect("a look").expect("a gift");
    assert_eq!(found.stage, DonationStage::Refunded);
    scene.judge().await;
}

#[tokio::test]
async fn only_a_late_gift_goes_back() {
    let scene = Scene::new().await;
    let donation = scene.confirmed(scene.open().await, 1_000).await;
    assert!(matches!(donations::begin_refund(&scene.pool, donation).await, Err(Error::DonationStage(_))));
    assert!(matches!(donations::record_refund(&scene.pool, donation).await, Err(Error::DonationStage(_))));
}
