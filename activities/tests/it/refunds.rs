//! Giving back: one gift, and every gift of a pot that is given up.

use serde_json::json;
use temporalio_client::{WorkflowDescribeOptions, WorkflowTerminateOptions};
use wolo_activities::{PotSteps, RefundSteps, StatementSteps, failure};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Account;
use wolo_sandbox::wave::{Endpoint, Fault, MovementKind};
use wolo_workflows::ids;
use wolo_workflows::refund::{Refund, RefundPatience};
use wolo_workflows::steps::donations::Settlement;
use wolo_workflows::steps::pots::{Cancelling, PotMoment};
use wolo_workflows::steps::refunds::{BeginRefunds, BegunRefunds, GiveBack, GivingBack};
use wolo_workflows::steps::statements::BookFees;

use crate::scene::{Failed, Scene, failure, faults_before_wave_acts, noon};
use crate::settling::late_gift;

fn refunds(scene: &Scene) -> usize {
    let is_refund = |kind| kind == MovementKind::ApiCheckoutRefund;
    scene.wave.look(|book| book.movements().iter().filter(|one| is_refund(one.kind)).count())
}

fn begin(pot: PotId) -> BeginRefunds {
    BeginRefunds { pot, patience: RefundPatience::default(), at: noon() }
}

/// A pot that is given up with gifts of 5,000 in it, in the order of their ids.
async fn given_up<const GIFTS: usize>(scene: &Scene) -> (PotId, [DonationId; GIFTS]) {
    let pot = scene.open_pot().await;
    let mut gifts = Vec::new();
    for _ in 0..GIFTS {
        gifts.push(scene.given(pot, 5_000).await);
    }
    let answer = scene.does(PotSteps::cancel, PotMoment { pot, at: noon() }).await;
    assert_eq!(
        answer,
        Cancelling::GivingBack { count: gifts.len().try_into().expect("a count"), for_finance: 0 }
    );
    (pot, gifts.try_into().expect("as many"))
}

#[tokio::test]
async fn money_that_came_too_late_goes_back_once() {
    let scene = Scene::new().await;
    let donation = late_gift(&scene).await;
    assert_eq!(scene.balance(Account::RefundsDue).await.abs(), 5_000);
    let refund = GiveBack { donation };
    scene.bend(Endpoint::CheckoutRefund, Fault::LostReply);
    let failed = scene.fails(RefundSteps::give_back, refund).await;
    assert_eq!(failed, Failed::again(failure::WAVE_UNREACHABLE));
    assert_eq!(scene.stage_of(donation).await, DonationStage::RefundDue);
    for _ in 0..2 {
        assert_eq!(scene.does(RefundSteps::give_back, refund).await, GivingBack::Refunded);
    }
    assert_eq!((refunds(&scene), scene.wave.calls(Endpoint::CheckoutRefund)), (1, 2));
    assert_eq!(scene.stage_of(donation).await, DonationStage::Refunded);
    assert_eq!(scene.balance(Account::RefundsDue).await, 0);
    assert_eq!(scene.settles(donation).await, Settlement::RefundDue);
    scene.judge().await;
}

#[tokio::test]
async fn what_keeps_wave_from_giving_back_is_named_and_tried_again() {
    let scene = Scene::new().await;
    let refund = GiveBack { donation: late_gift(&scene).await };
    for (fault, expected) in faults_before_wave_acts() {
        scene.bend(Endpoint::CheckoutRefund, fault);
        assert_eq!(scene.fails(RefundSteps::give_back, refund).await, expected);
    }
    assert_eq!(refunds(&scene), 0);
    assert_eq!(scene.does(RefundSteps::give_back, refund).await, GivingBack::Refunded);
}

#[tokio::test]
async fn a_refund_that_wave_refuses_stays_due_and_says_why() {
    let scene = Scene::new().await;
    let donation = late_gift(&scene).await;
    let refund = GiveBack { donation };
    scene.bend(Endpoint::CheckoutRefund, Fault::ShortBalance);
    let refused = GivingBack::Refused { code: "checkout-refund-failed".to_owned() };
    assert_eq!(scene.does(RefundSteps::give_back, refund).await, refused);
    assert_eq!((refunds(&scene), scene.stage_of(donation).await), (0, DonationStage::RefundDue));
    let row = wolo_database::donations::donation(&scene.pool, donation).await.expect("an answer");
    let code = row.and_then(|row| row.refund_refusal_code);
    assert_eq!(code.as_deref(), Some("checkout-refund-failed"));
    assert_eq!(scene.does(RefundSteps::give_back, refund).await, GivingBack::Refunded);
    assert_eq!(refunds(&scene), 1);
    scene.judge().await;
}

#[tokio::test]
async fn a_gift_in_its_pot_is_not_given_back() {
    let scene = Scene::new().await;
    let donation = scene.given(scene.open_pot().await, 5_000).await;
    scene.fails(RefundSteps::give_back, GiveBack { donation }).await;
    assert_eq!(scene.wave.calls(Endpoint::CheckoutRefund), 0);
}

#[tokio::test]
async fn every_gift_of_a_pot_that_is_given_up_leaves_it_and_goes_back() {
    let scene = Scene::new().await.connected().await;
    let (pot, gifts) = given_up::<2>(&scene).await;
    for _ in 0..2 {
        assert_eq!(scene.does(RefundSteps::begin_all, begin(pot)).await, BegunRefunds { count: 2 });
    }
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.balance(Account::RefundsDue).await, 10_000);
    for donation in gifts {
        assert_eq!(scene.stage_of(donation).await, DonationStage::RefundDue);
        let process = scene.temporal().get_workflow_handle::<Refund>(ids::refund(donation));
        process.describe(WorkflowDescribeOptions::default()).await.expect("its process runs");
        assert_eq!(scene.does(RefundSteps::give_back, GiveBack { donation }).await, GivingBack::Refunded);
        process.terminate(WorkflowTerminateOptions::default()).await.expect("it ends");
    }
    assert_eq!(scene.does(RefundSteps::begin_all, begin(pot)).await, BegunRefunds { count: 0 });
    let answer = scene.does(PotSteps::cancel, PotMoment { pot, at: noon() }).await;
    assert_eq!((answer, refunds(&scene)), (Cancelling::Cancelled, 2));
    assert_eq!(scene.balance(Account::WaveFloat).await, 0);
    scene.judge().await;
}

#[tokio::test]
async fn a_fee_that_the_pot_has_borne_comes_back_with_the_gift() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let donation = scene.given(pot, 5_000).await;
    scene.does(StatementSteps::book_fees, BookFees { day: scene.wave.now().date_naive() }).await;
    assert_eq!(scene.balance(Account::Pot(pot)).await, 4_950);
    scene.does(PotSteps::cancel, PotMoment { pot, at: noon() }).await;
    scene.does(RefundSteps::begin_all, begin(pot)).await;
    assert_eq!(scene.balance(Account::RefundsDue).await, 4_950);
    scene.does(RefundSteps::give_back, GiveBack { donation }).await;
    // Wave has given the giver 5,000 and us our fee.
    let (wallet, opening) = scene.wave.look(|book| (book.balance(), book.opening()));
    assert_eq!((wallet, scene.balance(Account::WaveFloat).await), (opening, 0));
    scene.judge().await;
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_was() {
    let scene = Scene::new().await.connected().await;
    let (pot, [first, second]) = given_up::<2>(&scene).await;
    let (attempt, heartbeats) = scene.attempt_after(2, Some(json!({ "last": first, "begun": 1 })));
    let begun = attempt.run(RefundSteps::begin_all, begin(pot)).await.expect("the deed is done");
    assert_eq!((begun, *heartbeats.borrow()), (BegunRefunds { count: 2 }, 1));
    let stages = [scene.stage_of(first).await, scene.stage_of(second).await];
    assert_eq!(stages, [DonationStage::Confirmed, DonationStage::RefundDue]);
}

#[tokio::test]
async fn a_worker_that_stops_interrupts_the_walk() {
    let scene = Scene::new().await.connected().await;
    let (pot, [gift]) = given_up::<1>(&scene).await;
    let attempt = scene.attempt(1);
    attempt.cancel();
    let failed = failure(attempt.run(RefundSteps::begin_all, begin(pot)).await);
    assert_eq!(failed, Failed::again(failure::INTERRUPTED));
    assert_eq!(scene.stage_of(gift).await, DonationStage::Confirmed);
}

#[tokio::test]
async fn a_pot_that_is_not_given_up_keeps_its_gifts() {
    let scene = Scene::new().await.connected().await;
    let pot = scene.open_pot().await;
    let gift = scene.given(pot, 5_000).await;
    scene.fails(RefundSteps::begin_all, begin(pot)).await;
    assert_eq!(scene.stage_of(gift).await, DonationStage::Confirmed);
    assert_eq!(scene.balance(Account::Pot(pot)).await, 5_000);
}
