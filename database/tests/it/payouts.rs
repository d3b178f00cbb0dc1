use wolo_database::payouts::{self, Beginning, Plan, Receipt};
use wolo_database::{Error, Page, donations, ledger, people, pots};
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::ledger::{Account, TransactionKind};
use wolo_domain::payouts::{PayoutOrder, PayoutRules, PayoutStage};
use wolo_domain::pots::{HoldReason, PotStage};

use crate::scene::{Scene, key, noon, xof};

/// An order of 4,950 francs that nobody has to approve.
fn ready(order: PayoutOrder, begun: bool) -> Plan {
    Plan::Ready { order, amount: xof(4_950), missing_approvals: 0, begun }
}

async fn plan(scene: &Scene, pot: PotId) -> Plan {
    payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await.expect("a plan")
}

/// A payout of 4,950 that is planned.
async fn planned(scene: &Scene) -> (PotId, PayoutOrder) {
    let pot = scene.closed_with_money().await;
    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    assert_eq!(plan(scene, pot).await, ready(order, false));
    (pot, order)
}

fn receipt(wave_payout_id: &str) -> Receipt {
    Receipt { wave_payout_id: wave_payout_id.to_owned(), received: xof(4_950), fee: xof(45) }
}

async fn begin(scene: &Scene, order: PayoutOrder) -> Result<Beginning, Error> {
    payouts::begin_order(&scene.pool, order, noon()).await
}

async fn stage(scene: &Scene, order: PayoutOrder) -> PayoutStage {
    payouts::payout(&scene.pool, order.payout).await.expect("a look").expect("a payout").stage
}

#[tokio::test]
async fn a_payout_is_planned_when_everything_that_belongs_in_it_is_there() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    assert!(
        matches!(
            payouts::plan(&scene.pool, pot, PayoutRules::default(), noon()).await,
            Err(Error::PotStage(_))
        ),
        "it is open"
    );
    let paid = scene.confirmed(pot, 5_000).await;
    let waiting = scene.requested(pot, 2_000).await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    assert_eq!(plan(&scene, pot).await, Plan::DonationsPending { count: 1 });

    donations::expire(&scene.pool, waiting, 0).await.expect("an end");
    let paid_gift = donations::donation(&scene.pool, paid).await.expect("a look").expect("a gift");
    let day = paid_gift.payment.expect("a payment").at.date_naive();
    assert_eq!(plan(&scene, pot).await, Plan::FeesPending { days: vec![day] });
    scene.fee(paid, 50).await;

    pots::hold(&scene.pool, pot, HoldReason::Consent, "withdrawn", noon()).await.expect("a hold");
    assert_eq!(plan(&scene, pot).await, Plan::Held { reason: HoldReason::Consent });
    pots::release(&scene.pool, pot, HoldReason::Consent, noon()).await.expect("a release");

    let order = PayoutOrder::first(PayoutId::of_pot(pot));
    for _ in 0..2 {
        assert_eq!(plan(&scene, pot).await, ready(order, false));
    }
    let found = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot");
    assert_eq!(found.stage, PotStage::PayingOut);
    let error = pots::settle(&scene.pool, pot, noon(), &key()).await.expect_err("not paid yet");
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn an_empty_pot_has_nothing_to_pay() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    pots::close(&scene.pool, pot, noon()).await.expect("a closing");
    assert_eq!(plan(&scene, pot).await, Plan::NothingToPay);
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    assert_eq!(plan(&scene, pot).await, Plan::NothingToPay);
}

#[tokio::test]
async fn the_recipient_is_the_owner() {
    let scene = Scene::new().await;
    let (pot, order) = planned(&scene).await;
    let owner = pots::pot(&scene.pool, pot).await.expect("a look").expect("a pot").owner;
    let owner = people::user(&scene.pool, owner).await.expect("a look").expect("a person");
    let recipient = payouts::clearance(&scene.pool, order.payout).await.expect("a clearance").recipient;
    assert_eq!((recipient.user, &recipient.name, &recipient.phone), (owner.id, &owner.name, &owner.phone));
    assert_eq!(format!("{recipient:?}"), format!("Recipient({})", owner.id));
    let nobody = PayoutId::from_uuid(uuid::Uuid::max());
    assert!(payouts::clearance(&scene.pool, nobody).await.is_err());
    assert!(payouts::payout(&scene.pool, nobody).await.expect("a look").is_none());
}

#[tokio::test]
async fn a_payout_is_paid_once() {
    let scene = Scene::new().await;
    let (pot, order) = planned(&scene).await;
    assert!(
        payouts::record_success(&scene.pool, order, &receipt("pt-1"), noon()).await.is_err(),
        "no intent"
    );
    for again in [false, true] {
        let begun = begin(&scene, order).await.expect("an intent");
        assert_eq!(begun, Beginning::Begun { amount: xof(4_950), again });
    }
    for _ in 0..2 {
        payouts::record_success(&scene.pool, order, &receipt("pt-1"), noon()).await.expect("a success");
    }
    assert_eq!(begin(&scene, order).await.expect("an answer"), Beginning::Succeeded);
    assert_eq!(begin(&scene, order.next()).await.expect("an answer"), Beginning::Succeeded);
    assert_eq!(plan(&scene, pot).await, Plan::Paid { amount: xof(4_950) });
    let sight = payouts::lose_sight(&scene.pool, order).await.expect("a stage");
    assert_eq!(sight, PayoutStage::Succeeded, "what is known stays known");
    let error = payouts::record_success(&scene.pool, order, &receipt("pt-2"), noon()).await;
    assert!(matches!(error, Err(Error::Inconsistency { column: "wave_payout_id", .. })));
    assert!(payouts::record_refusal(&scene.pool, order, "no", noon()).await.is_err());

    assert_eq!(scene.balance(Account::Pot(pot)).await, 0);
    assert_eq!(scene.balance(Account::Fees).await, -45);
    assert_eq!(scene.balance(Account::WaveFloat).await, 45);
    let posted = ledger::postings(&scene.pool, Page::first(100)).await.expect("the books");
    assert_eq!(posted.last().map(|one| one.kind), Some(TransactionKind::PayoutFee), "it touches no pot");
    let entries = posted.iter().flat_map(|one| &one.entries);
    let at_wave: wolo_domain::money::Xof =
        entries.filter(|entry| entry.account == Account::WaveFloat).map(|entry| entry.amount).sum();
    assert_eq!(at_wave, xof(45), "all postings together make the balance");
    assert_eq!(scene.events("payout_succeeded").await, 1);
    pots::settle(&scene.pool, pot, noon(), &key()).await.expect("an end");
    scene.judge().await;
}

#[tokio::test]
async fn a_payout_without_a_fee_posts_none() {
    let scene = Scene::new().await;
    let (_, order) = planned(&scene).await;
    begin(&scene, order).await.expect("an intent");
    let free = Receipt { fee: xof(0), ..receipt("pt-1") };
    for _ in 0..2 {
        payouts::record_success(&scene.pool, order, &free, noon()).await.expect("a success");
    }
    assert_eq!(scene.balance(Account::Fees).await, 0);
    scene.judge().await;
}

#[tokio::test]
async fn another_amount_than_the_planned_one_is_loud() {
    let scene = Scene::new().await;
    let (pot, order) = planned(&scene).await;
    begin(&scene, order).await.expect("an intent");
    let short = Receipt { received: xof(4_900), ..receipt("pt-1") };
    let error =
        payouts::record_success(&scene.pool, order, &short, noon()).await.expect_err("50 are missing");
    assert!(matches!(error, Error::Inconsistency { column: "amount", .. }), "{error}");
    assert_eq!(scene.balance(Account::Pot(pot)).await, 4_950);
}

#[tokio::test]
async fn a_new_order_needs_the_refusal_of_the_one_before() {
    let scene = Scene::new().await;
    let (pot, order) = planned(&scene).await;
    let conflict = |result: Result<Beginning, Error>| assert!(matches!(result, Err(Error::Conflict { .. })));
    conflict(begin(&scene, order.next()).await);
    begin(&scene, order).await.expect("an intent");
    conflict(begin(&scene, order.next()).await);

    for _ in 0..2 {
        let lost = payouts::lose_sight(&scene.pool, order).await.expect("a stage");
        assert_eq!(lost, PayoutStage::Unknown);
    }
    conflict(begin(&scene, order.next()).await);
    // The same order again is the same intent.
    begin(&scene, order).await.expect("an intent");
    assert_eq!(stage(&scene, order).await, PayoutStage::Sent);

    for code in ["recipient-limit-exceeded", "another"] {
        payouts::record_refusal(&scene.pool, order, code, noon()).await.expect("a refusal");
    }
    let refused = Beginning::Refused { code: "recipient-limit-exceeded".to_owned() };
    assert_eq!(begin(&scene, order).await.expect("an answer"), refused);
    assert_eq!(plan(&scene, pot).await, ready(order, true), "the order that stands");
    assert_eq!(payouts::lose_sight(&scene.pool, order).await.expect("a stage"), PayoutStage::Refused);

    let second = order.next();
    for _ in 0..2 {
        begin(&scene, second).await.expect("an intent");
    }
    assert_eq!(plan(&scene, pot).await, ready(second, true));
    // An answer about an order that no longer counts is not taken for the new one's.
    assert!(payouts::record_success(&scene.pool, order, &receipt("pt-1"), noon()).await.is_err());
    payouts::record_success(&scene.pool, second, &receipt("pt-2"), noon()).await.expect("a success");
    let outcomes: String =
        scene.read("select string_agg(outcome, ' ' order by number) from money.payout_orders").await;
    assert_eq!(outcomes, "refused succeeded");
    assert_eq!(scene.events("payout_refused").await, 1);
    scene.judge().await;
}

#[tokio::test]
async fn a_hold_stops_an_order_that_has_not_begun() {
    let scene = Scene::new().await;
    let (pot, order) = planned(&scene).await;
    pots::hold(&scene.pool, pot, HoldReason::Consent, "withdrawn", noon()).await.expect("a hold");
    let held = Beginning::Held { reason: HoldReason::Consent };
    assert_eq!(begin(&scene, order).await.expect("an answer"), held);
    assert_eq!(stage(&scene, order).await, PayoutStage::Planned);
    pots::release(&scene.pool, pot, HoldReason::Consent, noon()).await.expect("a release");
    begin(&scene, order).await.expect("an intent");
    // What may have reached Wave already must be found out, held or not.
    pots::hold(&scene.pool, pot, HoldReason::Moderation, "reported", noon()).await.expect("a hold");
    assert_eq!(
        begin(&scene, order).await.expect("an intent"),
        Beginning::Begun { amount: xof(4_950), again: true }
    );
}

#[tokio::test]
async fn payouts_are_listed_by_stage_in_pages() {
    let scene = Scene::new().await;
    let (_, first) = planned(&scene).await;
    let (_, second) = planned(&scene).await;
    begin(&scene, second).await.expect("an intent");
    let all = payouts::all(&scene.pool, None, Page::first(1)).await.expect("a page");
    let rest = payouts::all(&scene.pool, None, Page::after(all[0].id, 5)).await.expect("a page");
    let mut ids: Vec<_> = all.iter().chain(&rest).map(|payout| payout.id).collect();
    ids.sort_unstable();
    let mut expected = vec![first.payout, second.payout];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let sent = payouts::all(&scene.pool, Some(PayoutStage::Sent), Page::first(5)).await.expect("a page");
    assert_eq!(sent.iter().map(|payout| payout.id).collect::<Vec<_>>(), [second.payout]);
}

#[tokio::test]
async fn what_the_first_call_was_refused_is_not_written_over_an_order_that_was_begun_again() {
    let scene = Scene::new().await;
    let (_, order) = planned(&scene).await;
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an order");
    payouts::begin_order(&scene.pool, order, noon()).await.expect("the same order");
    let written = payouts::record_refusal_of_call(&scene.pool, order, "recipient-minor", noon()).await;
    assert!(!written.expect("an answer"), "the other call may be on its way");
    assert!(
        payouts::begin_order(&scene.pool, order.next(), noon()).await.is_err(),
        "and nothing is ordered anew"
    );

    let (_, order) = planned(&scene).await;
    payouts::begin_order(&scene.pool, order, noon()).await.expect("an order");
    for _ in 0..2 {
        let written = payouts::record_refusal_of_call(&scene.pool, order, "recipient-minor", noon()).await;
        assert!(written.expect("an answer"));
    }
    payouts::begin_order(&scene.pool, order.next(), noon()).await.expect("finance orders anew");
}

#[tokio::test]
async fn a_beginning_that_was_taken_back_leaves_the_next_call_the_first_one() {
    let scene = Scene::new().await;
    let (pot, order) = planned(&scene).await;
    let begun = |again| Beginning::Begun { amount: xof(4_950), again };
    assert_eq!(begin(&scene, order).await.expect("an intent"), begun(false));
    for _ in 0..2 {
        payouts::take_back_beginning(&scene.pool, order).await.expect("it never left");
    }
    assert_eq!(plan(&scene, pot).await, ready(order, false));
    // Nothing is on its way, so a hold stops it like any order that has not begun.
    pots::hold(&scene.pool, pot, HoldReason::Consent, "withdrawn", noon()).await.expect("a hold");
    let held = Beginning::Held { reason: HoldReason::Consent };
    assert_eq!(begin(&scene, order).await.expect("an answer"), held);
    pots::release(&scene.pool, pot, HoldReason::Consent, noon()).await.expect("a release");
    assert_eq!(begin(&scene, order).await.expect("an intent"), begun(false));
    let written = payouts::record_refusal_of_call(&scene.pool, order, "insufficient-funds", noon()).await;
    assert!(written.expect("an answer"), "a refusal of a first call is a refusal");
    payouts::take_back_beginning(&scene.pool, order).await.expect("nothing");
    assert_eq!(stage(&scene, order).await, PayoutStage::Refused);
    assert_eq!(begin(&scene, order.next()).await.expect("an intent"), begun(false));
}

#[tokio::test]
async fn a_beginning_is_not_taken_back_over_another_one() {
    let scene = Scene::new().await;
    let (_, order) = planned(&scene).await;
    begin(&scene, order).await.expect("an intent");
    begin(&scene, order).await.expect("the same order, by somebody else");
    payouts::take_back_beginning(&scene.pool, order).await.expect("an answer");
    let begun = begin(&scene, order).await.expect("an intent");
    assert_eq!(begun, Beginning::Begun { amount: xof(4_950), again: true }, "theirs may be on its way");
}
