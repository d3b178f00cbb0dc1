//! Knowing what became of a gift.

use std::time::Duration;

use wolo_activities::{DonationSteps, failure};
use wolo_database::{donations, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::Account;
use wolo_sandbox::wave::{Endpoint, Fault, RetryAfter};
use wolo_workflows::steps::donations::Settlement;

use crate::scene::{Failed, Scene, gift, noon, settle};

/// A gift that was paid after its pot had closed.
pub(crate) async fn late_gift(scene: &Scene) -> DonationId {
    let pot = scene.open_pot().await;
    let (donation, _, session) = scene.asked(pot, 5_000).await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closed pot");
    scene.wave.move_clock(Duration::from_secs(5));
    scene.wave.pay(&session, None).expect("Wave takes it");
    assert_eq!(scene.settles(donation).await, Settlement::RefundDue);
    donation
}

#[tokio::test]
async fn a_paid_gift_is_in_the_pot_and_wave_is_not_asked_again() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let donation = scene.given(pot, 5_000).await;
    assert_eq!(scene.settles(donation).await, Settlement::Confirmed);
    assert_eq!(scene.wave.calls(Endpoint::CheckoutGet), 1);
    assert_eq!(scene.balance(Account::Pot(pot)).await, 5_000);
    scene.judge().await;
}

#[tokio::test]
async fn an_open_page_is_still_open_and_a_page_that_ended_is_the_end() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let (donation, _, session) = scene.asked(pot, 5_000).await;
    scene.wave.fail_payment(&session, None).expect("an attempt that fails");
    assert_eq!(scene.settles(donation).await, Settlement::StillOpen);
    scene.wave.move_clock(Duration::from_mins(31));
    let ends = wolo_workflows::steps::donations::SettleDonation { donation, failed_attempts: 1 };
    for _ in 0..2 {
        assert_eq!(scene.does(DonationSteps::settle, ends).await, Settlement::Expired);
    }
    let row = donations::donation(&scene.pool, donation).await.expect("an answer").expect("a row");
    assert_eq!((row.stage, row.failed_attempts), (DonationStage::Expired, 1));
    // Also a gift that was written off is looked at: whoever asks has heard of a payment.
    assert_eq!(scene.wave.calls(Endpoint::CheckoutGet), 3);
}

#[tokio::test]
async fn a_gift_that_never_had_a_page_expires() {
    let scene = Scene::new().await;
    let request = gift(scene.open_pot().await, 5_000);
    scene.bend(Endpoint::CheckoutCreate, Fault::ErrorBefore { status: 503 });
    scene.fails(DonationSteps::open_checkout, request.clone()).await;
    assert_eq!(scene.settles(request.donation).await, Settlement::Expired);
    assert_eq!(scene.wave.calls(Endpoint::CheckoutGet), 0);
}

#[tokio::test]
async fn another_amount_than_was_asked_for_goes_into_suspense() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let (donation, _, session) = scene.asked(pot, 5_000).await;
    scene.wave.pay(&session, None).expect("Wave takes it");
    scene.bend(Endpoint::CheckoutGet, Fault::OtherAmount { amount: 4_000 });
    for _ in 0..2 {
        assert_eq!(scene.settles(donation).await, Settlement::Suspended);
    }
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.balance(Account::Suspense).await.abs(), 4_000);
    scene.judge().await;
}

#[tokio::test]
async fn what_proves_nothing_changes_nothing() {
    let scene = Scene::new().await;
    let pot = scene.open_pot().await;
    let (donation, _, session) = scene.asked(pot, 5_000).await;
    scene.wave.pay(&session, None).expect("Wave takes it");
    let not_found = Fault::Refused { status: 404, code: "checkout-session-not-found".to_owned() };
    let seven = Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) };
    for (fault, expected) in [
        (Fault::ErrorBefore { status: 500 }, Failed::again(failure::WAVE_UNREACHABLE)),
        (Fault::LostReply, Failed::again(failure::WAVE_UNREACHABLE)),
        (Fault::MalformedReply, Failed::again(failure::WAVE_UNEXPECTED)),
        (not_found, Failed::again(failure::WAVE_REFUSED)),
        (seven, Failed::again_after(failure::WAVE_THROTTLED, 7)),
    ] {
        scene.bend(Endpoint::CheckoutGet, fault);
        assert_eq!(scene.fails(DonationSteps::settle, settle(donation)).await, expected);
        assert_eq!(scene.stage_of(donation).await, DonationStage::Requested);
    }
    let nobody = DonationId::from_uuid(uuid::Uuid::now_v7());
    assert!(!scene.fails(DonationSteps::settle, settle(nobody)).await.for_good);
}
