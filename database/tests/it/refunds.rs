use chrono::TimeDelta;
use wolo_database::discrepancies::{self, Clearing, Resolving};
use wolo_database::donations::{self, Payment, Refunding, TakingBack};
use wolo_database::pots::Cancelling;
use wolo_database::{Error, Page, pots};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::pots::{Announcement, PotStage};

use crate::scene::{Scene, checkout, noon, payment, wave_now, xof};

/// A gift of 1,000 that was paid after its pot had closed.
async fn late_gift(scene: &Scene) -> DonationId {
    let pot = scene.open().await;
    let donation = on_a_page(scene, pot, 1_000).await;
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

/// A gift whose page is open at Wave.
async fn on_a_page(scene: &Scene, pot: PotId, francs: i64) -> DonationId {
    let donation = scene.requested(pot, francs).await;
    donations::attach_checkout(&scene.pool, donation, &checkout(donation)).await.expect("a checkout");
    donation
}

async fn paid_on_a_page(scene: &Scene, pot: PotId, francs: i64) -> DonationId {
    let donation = on_a_page(scene, pot, francs).await;
    let paid = payment(donation, francs);
    let stage = donations::confirm(&scene.pool, donation, &paid, 0).await.expect("a stage");
    assert_eq!(stage, DonationStage::Confirmed);
    donation
}

async fn cancels(scene: &Scene, pot: PotId) -> Cancelling {
    pots::cancel(&scene.pool, pot, noon()).await.expect("an answer")
}

/// Gives back a gift that is due.
async fn goes_back(scene: &Scene, donation: DonationId) {
    donations::begin_refund(&scene.pool, donation).await.expect("an intent");
    donations::record_refund(&scene.pool, donation).await.expect("a refund");
}

#[tokio::test]
async fn a_pot_is_cancelled_when_its_last_gift_has_gone_back() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let gifts = [paid_on_a_page(&scene, pot, 1_000).await, paid_on_a_page(&scene, pot, 2_000).await];
    let unpaid = scene.requested(pot, 500).await;
    scene.fee(gifts[0], 10).await;
    assert_eq!(cancels(&scene, pot).await, Cancelling::GivingBack { count: 3, for_finance: 0 });
    assert_eq!(scene.balance(Account::Pot(pot)).await, 2_990, "to begin moves nothing");
    for gift in gifts {
        for _ in 0..2 {
            assert_eq!(donations::take_back(&scene.pool, gift).await.expect("an answer"), TakingBack::Due);
        }
    }
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.balance(Account::RefundsDue).await, 2_990);
    assert_eq!(scene.events("donation_refund_due").await, 2);
    scene.judge().await;
    goes_back(&scene, gifts[0]).await;
    assert_eq!(cancels(&scene, pot).await, Cancelling::GivingBack { count: 2, for_finance: 0 });
    goes_back(&scene, gifts[1]).await;
    assert_eq!(cancels(&scene, pot).await, Cancelling::GivingBack { count: 1, for_finance: 0 });
    donations::expire(&scene.pool, unpaid, 0).await.expect("an end");
    for _ in 0..2 {
        assert_eq!(cancels(&scene, pot).await, Cancelling::Cancelled);
    }
    assert_eq!(donations::take_back(&scene.pool, gifts[0]).await.expect("an answer"), TakingBack::Refunded);
    // Wave keeps nothing: what was taken as its fee has come back.
    assert_eq!(scene.balance(Account::WaveFloat).await, 0);
    scene.judge().await;
}

#[tokio::test]
async fn nothing_gets_past_a_pot_that_is_being_given_up() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let paid = paid_on_a_page(&scene, pot, 1_000).await;
    let unheard = on_a_page(&scene, pot, 700).await;
    cancels(&scene, pot).await;
    let refused =
        match donations::request(&scene.pool, &crate::scene::gift(pot, 900)).await.expect("an answer") {
            wolo_database::donations::Requesting::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        };
    assert!(matches!(
        refused,
        wolo_domain::donations::DonationRefusal::PotNotOpen { stage: PotStage::Cancelling }
    ));
    let stage = donations::confirm(&scene.pool, unheard, &payment(unheard, 700), 0).await.expect("a stage");
    assert_eq!(stage, DonationStage::RefundDue, "what is heard of now goes back as well");
    assert_eq!(pots::close(&scene.pool, pot, noon()).await.expect("an answer"), PotStage::Cancelling);
    let planned = wolo_database::payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await;
    assert_eq!(planned.expect("an answer"), wolo_database::payouts::Plan::NothingToPay);
    assert_eq!(donations::take_back(&scene.pool, paid).await.expect("an answer"), TakingBack::Due);
    for gift in [paid, unheard] {
        goes_back(&scene, gift).await;
    }
    assert_eq!(cancels(&scene, pot).await, Cancelling::Cancelled);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_leaves_no_pot_that_is_not_given_up() {
    let scene = Scene::new().await;
    let gift = scene.confirmed(scene.open().await, 1_000).await;
    let error = donations::take_back(&scene.pool, gift).await.expect_err("its pot is open");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn why_wave_refused_is_kept_until_the_gift_has_gone_back() {
    let scene = Scene::new().await;
    let gift = late_gift(&scene).await;
    let code = async || {
        let row = donations::donation(&scene.pool, gift).await.expect("an answer").expect("a gift");
        row.refund_refusal_code
    };
    for _ in 0..2 {
        let stage = donations::refuse_refund(&scene.pool, gift, "checkout-refund-failed").await;
        assert_eq!(stage.expect("a stage"), DonationStage::RefundDue);
    }
    assert_eq!(code().await.as_deref(), Some("checkout-refund-failed"));
    let refused = donations::refunds(&scene.pool, None, true, wolo_database::Page::first(10)).await;
    assert_eq!(refused.expect("a list").len(), 1);
    goes_back(&scene, gift).await;
    let stage = donations::refuse_refund(&scene.pool, gift, "too-late").await.expect("a stage");
    assert_eq!((stage, code().await), (DonationStage::Refunded, None));
}

#[tokio::test]
async fn whoever_has_forgotten_that_a_pot_was_given_up_is_told_where_it_stands() {
    let scene = Scene::new().await;
    let (empty, full) = (scene.open().await, scene.open().await);
    scene.confirmed(full, 1_000).await;
    for (pot, stage) in [(empty, PotStage::Cancelled), (full, PotStage::Cancelling)] {
        pots::cancel(&scene.pool, pot, noon()).await.expect("it is given up");
        let opening = pots::open(&scene.pool, pot, noon()).await.expect("an answer");
        assert_eq!(opening, pots::Opening::GivenUp { stage });
        assert_eq!(pots::close(&scene.pool, pot, noon()).await.expect("an answer"), stage);
        let plan = wolo_database::payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await;
        assert_eq!(plan.expect("an answer"), wolo_database::payouts::Plan::NothingToPay);
        let settled = pots::settle(&scene.pool, pot, noon(), &crate::scene::key()).await;
        assert_eq!(settled.expect("an answer"), stage);
        let said = scene.events("pot_announced").await;
        pots::announce(&scene.pool, pot, Announcement::Thanks, noon()).await.expect("nothing is said");
        assert_eq!(scene.events("pot_announced").await, said);
        let found = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!(found.stage, stage);
    }
    let cancelling = pots::cancelling(&scene.pool, wolo_database::Page::first(9)).await.expect("pots");
    assert_eq!(cancelling, [full]);
}

#[tokio::test]
async fn a_gift_in_suspense_keeps_its_pot_from_being_cancelled_until_finance_has_decided() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let odd = scene.requested(pot, 5_000).await;
    let stage = donations::confirm(&scene.pool, odd, &payment(odd, 6_000), 0).await;
    assert_eq!(stage.expect("a stage"), DonationStage::Suspended);
    for _ in 0..2 {
        assert_eq!(cancels(&scene, pot).await, Cancelling::GivingBack { count: 1, for_finance: 1 });
    }
    assert_eq!(donations::going_back(&scene.pool, pot, Page::first(9)).await.expect("gifts"), []);
    let found = discrepancies::all(&scene.pool, None, false, Page::first(9)).await.expect("discrepancies");
    let borne = discrepancies::resolve(&scene.pool, found[0].id, "finance", "a test", Clearing::ToFees).await;
    assert_eq!(borne.expect("an answer"), Resolving::Resolved);
    assert_eq!(cancels(&scene, pot).await, Cancelling::Cancelled);
    scene.judge().await;
}
