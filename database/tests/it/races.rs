//! Many at once. Each test starts everybody together and counts what remains.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::{join, join_all};
use wolo_database::Page;
use wolo_database::donations::{self, Requesting};
use wolo_database::payouts::{self, Beginning, Plan, Receipt};
use wolo_database::pots::{self, NewPot};
use wolo_domain::donations::{DonationRefusal, DonationStage};
use wolo_domain::ids::PayoutId;
use wolo_domain::ledger::Account;
use wolo_domain::payouts::{PayoutOrder, PayoutRules, PayoutStage};
use wolo_domain::pots::{HoldReason, PotStage};

use crate::scene::{Scene, gift, new_pot, noon, payment, settings, xof};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_confirmations_post_once() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let donation = scene.requested(pot, 5_000).await;
    let paid = payment(donation, 5_000);
    let stages = join_all((0..64).map(|_| donations::confirm(&scene.pool, donation, &paid, 0))).await;
    assert!(stages.iter().all(|stage| matches!(stage, Ok(DonationStage::Confirmed))), "{stages:?}");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 5_000);
    assert_eq!(scene.read::<i64>("select count(*) from money.ledger_transactions").await, 1);
    assert_eq!(scene.events("donation_confirmed").await, 1);
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn confirming_and_expiring_at_once_has_one_end() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    for _ in 0..20 {
        let donation = scene.requested(pot, 100).await;
        let paid = payment(donation, 100);
        let (confirmed, expired) = join(
            donations::confirm(&scene.pool, donation, &paid, 0),
            donations::expire(&scene.pool, donation, 0),
        )
        .await;
        match (confirmed, expired.expect("a stage")) {
            // Written off first, a payment counts as too late.
            (Ok(DonationStage::Confirmed), DonationStage::Confirmed)
            | (Ok(DonationStage::RefundDue), DonationStage::Expired) => {}
            other => panic!("{other:?}"),
        }
    }
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_gift_lands_in_a_closed_pot() {
    let scene = Scene::new().await;
    for _ in 0..10 {
        let pot = scene.open().await;
        let gifts: Vec<_> = (0..24).map(|_| gift(pot, 1_000)).collect();
        let seen_at_closing = async {
            // Somewhere in the middle of the crowd.
            while scene.read::<i64>("select count(*) from money.donations").await == 0 {}
            pots::close(&scene.pool, pot, noon()).await.expect("a closing");
            donations::requested_of_pot(&scene.pool, pot, Page::first(100)).await.expect("a page").len()
        };
        let requests = join_all(gifts.iter().map(|new| donations::request(&scene.pool, new)));
        let (seen, answers) = join(seen_at_closing, requests).await;
        let taken = answers.iter().filter(|answer| matches!(answer, Ok(Requesting::New))).count();
        let refused = answers
            .iter()
            .filter(|answer| {
                matches!(
                    answer,
                    Ok(Requesting::Refused(DonationRefusal::PotNotOpen { stage: PotStage::Closed }))
                )
            })
            .count();
        assert_eq!(taken + refused, 24, "{answers:?}");
        assert_eq!(taken, seen, "whoever closes sees every gift that was taken");
        scene.force("delete from money.donations").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_starts_after_a_hold_is_acknowledged() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let gifts: Vec<_> = (0..32).map(|_| gift(pot, 1_000)).collect();
    let held = async {
        pots::hold(&scene.pool, pot, HoldReason::Consent, "withdrawn", noon()).await.expect("a hold");
        donations::requested_of_pot(&scene.pool, pot, Page::first(100)).await.expect("a page").len()
    };
    let (seen, answers) =
        join(held, join_all(gifts.iter().map(|new| donations::request(&scene.pool, new)))).await;
    let taken = answers.iter().filter(|answer| matches!(answer, Ok(Requesting::New))).count();
    assert_eq!(taken, seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payout_is_planned_with_every_gift_or_not_at_all() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let mut gifts = Vec::new();
    for _ in 0..16 {
        gifts.push(scene.requested(pot, 1_000).await);
    }
    // Paid before the closing, and heard of after it.
    let paid: Vec<_> = gifts.iter().map(|&donation| payment(donation, 1_000)).collect();
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    let confirmations = join_all(gifts.iter().zip(&paid).map(async |(&donation, paid)| {
        let stage = donations::confirm(&scene.pool, donation, paid, 0).await.expect("a stage");
        assert_eq!(stage, DonationStage::Confirmed);
        scene.fee(donation, 10).await;
    }));
    let planning = async {
        loop {
            match payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan") {
                Plan::Ready { amount, .. } => return amount,
                Plan::DonationsPending { .. } | Plan::FeesPending { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let (_, amount) = join(confirmations, planning).await;
    assert_eq!(amount, xof(16 * 990));
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_plans_and_orders_are_one_payout() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    let receipt = Receipt { wave_payout_id: "pt-1".to_owned(), received: xof(4_950), fee: xof(45) };
    let runs = join_all((0..32).map(async |_| {
        payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await?;
        payouts::begin_order(&scene.pool, order, noon()).await?;
        payouts::record_success(&scene.pool, order, &receipt, noon()).await
    }))
    .await;
    assert!(runs.iter().all(Result::is_ok), "{runs:?}");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.read::<i64>("select count(*) from money.payout_orders").await, 1);
    scene.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_schedulers_make_one_pot() {
    let scene = Scene::new().await;
    let new = new_pot(&scene.person_born("2014-03-20").await, settings());
    // Half of them under an identity of their own.
    let others =
        (0..5).map(|n| NewPot { id: wolo_domain::ids::PotId::for_birthday(new.owner, n), ..new.clone() });
    let all: Vec<_> = others.chain((0..5).map(|_| new.clone())).collect();
    let done = join_all(all.iter().map(|new| pots::schedule(&scene.pool, new))).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    assert_eq!(scene.read::<i64>("select count(*) from pots.pots").await, 1);
    assert_eq!(scene.read::<i64>("select count(*) from pots.holds").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_request_from_many_devices_is_one_gift() {
    let scene = Scene::new().await;
    let new = gift(scene.open().await, 1_000);
    let answers = join_all((0..64).map(|_| donations::request(&scene.pool, &new))).await;
    let made = answers.iter().filter(|answer| matches!(answer, Ok(Requesting::New))).count();
    let existing = answers.iter().filter(|answer| matches!(answer, Ok(Requesting::Existing(_)))).count();
    assert_eq!((made, existing), (1, 63), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_gives_after_a_hold_was_asked_for_waits_for_it() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let until = async |count| while scene.waiting().await < count {};
    // The first gift is admitted, and cannot be written yet.
    let owner = scene.pool_as("wolo").await;
    let mut obstacle = owner.begin().await.expect("a transaction");
    sqlx::raw_sql("lock table money.donations in share mode").execute(&mut *obstacle).await.expect("a lock");
    let (first, second) = (gift(pot, 1_000), gift(pot, 1_000));
    let ask = async |new, after| {
        until(after).await;
        donations::request(&scene.pool, new).await.expect("an answer")
    };
    let hold = async {
        until(1).await;
        pots::hold(&scene.pool, pot, HoldReason::Consent, "withdrawn", noon()).await.expect("a hold");
    };
    let clear = async {
        until(3).await;
        obstacle.rollback().await.expect("a release");
    };
    let (first, (), second, ()) = tokio::join!(ask(&first, 0), hold, ask(&second, 2), clear);
    assert_eq!(first, Requesting::New);
    // A crowd must not pass by whoever waits to stop it.
    let reason = HoldReason::Consent;
    assert_eq!(second, Requesting::Refused(DonationRefusal::PotHeld { reason }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hold_is_acknowledged_after_the_order_that_did_not_see_it() {
    let scene = Scene::new().await;
    let pot = scene.closed_with_money().await;
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan");
    // The order is admitted, and cannot be written yet.
    let owner = scene.pool_as("wolo").await;
    let mut obstacle = owner.begin().await.expect("a transaction");
    sqlx::raw_sql("lock table money.payout_orders in share mode")
        .execute(&mut *obstacle)
        .await
        .expect("a lock");
    let acknowledged = AtomicBool::new(false);
    let hold = async {
        while scene.waiting().await < 1 {}
        pots::hold(&scene.pool, pot, HoldReason::Consent, "withdrawn", noon()).await.expect("a hold");
        acknowledged.store(true, Ordering::Relaxed);
        payouts::payout(&scene.pool, order.payout).await.expect("a look").expect("a payout").stage
    };
    let clear = async {
        while scene.waiting().await < 2 && !acknowledged.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
        obstacle.rollback().await.expect("a release");
    };
    let (begun, seen, ()) = tokio::join!(payouts::begin_order(&scene.pool, order, noon()), hold, clear);
    assert_eq!(begun.expect("an intent"), Beginning::Begun { amount: xof(4_950), again: false });
    assert_eq!(seen, PayoutStage::Sent, "no order begins after the hold is acknowledged");
}
