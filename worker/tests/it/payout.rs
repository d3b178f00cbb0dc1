//! The endings of a payout. Whatever happens on the way, Wave's own book shows one movement.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use temporalio_client::WorkflowStartOptions;
use wolo_control::donations::Heard;
use wolo_control::stuck::Why;
use wolo_database::pots::NewPot;
use wolo_domain::accounts::Role;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};
use wolo_workflows::payout::{
    Decision, Payout, PayoutInput, PayoutOutcome, PayoutPatience, Resolve, Resolving,
};
use wolo_workflows::pot_lifecycle::{HoldWish, PotPlan, WishAnswer};
use wolo_workflows::{ids, queues};

use crate::histories::{keep, keep_run};
use crate::house::{Asked, House, live, until};

/// The reference of a pot's first order at Wave.
pub(crate) fn first_order(pot: PotId) -> String {
    PayoutOrder::first(PayoutId::of_pot(pot)).key()
}

/// A pot with one gift of 10,000 francs, of which 9,900 can be paid out.
pub(crate) async fn pot_with_money(house: &House, owners_phone_ends_with: u32) -> PotId {
    let owner = house.person_born("1990-05-17", owners_phone_ends_with).await;
    let pot = house.open_pot_of(owner).await;
    house.give(pot, 10_000).await;
    pot
}

/// Sets the pot off to the day of its payout. A pot whose payout waits for a person does not arrive, so nobody waits
/// for its arrival here.
pub(crate) fn to_the_payout(house: &House, pot: PotId) {
    house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(22));
}

pub(crate) async fn paid(house: &House, pot: PotId) {
    house.stage_is(pot, PotStage::Settled).await;
    let outcome = house.outcome::<Payout>(ids::payout(pot)).await;
    assert_eq!(outcome, PayoutOutcome::Paid { amount: Xof::new(9_900) });
    assert_eq!(house.balance(Account::Pot(pot)).await, 0);
    house.books_are_right().await;
}

pub(crate) async fn held_for(house: &House, pot: PotId, reason: HoldReason) {
    until(&format!("the payout of {pot} is held for {reason}"), async || {
        let status = house.control.payout_status(pot).await.ok()?;
        (status.held == Some(reason)).then_some(())
    })
    .await;
    let row = wolo_database::pots::pot(&house.pool, pot).await.expect("an answer").expect("the pot");
    assert!(row.holds.iter().any(|hold| hold.reason == reason), "the pot shows why it is held");
}

/// About the first order.
pub(crate) fn decide(decision: Decision) -> Resolve {
    let reason = "looked at the portal".to_owned();
    Resolve { decision, order: Some(1), by: "finance".to_owned(), reason }
}

pub(crate) fn movements(house: &House, reference: &str) -> usize {
    house.world.wave.executed_payouts(reference).len()
}

#[test]
fn a_payout_is_sent_once_and_known() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        to_the_payout(house, pot);
        paid(house, pot).await;
        assert_eq!(movements(house, &first_order(pot)), 1);
        keep(house, "payout-paid", &ids::payout(pot)).await;
    });
}

#[test]
fn a_payout_whose_reply_is_lost_is_found_and_not_repeated() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        house.bend(Endpoint::PayoutCreate, first_order(pot), 1, Fault::LostReply);
        to_the_payout(house, pot);
        paid(house, pot).await;
        assert_eq!(movements(house, &first_order(pot)), 1);
        keep(house, "payout-found", &ids::payout(pot)).await;
    });
}

#[test]
fn an_order_that_was_paid_is_not_ordered_anew_because_its_repetition_found_the_wallet_short() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let order = first_order(pot);
        house.bend(Endpoint::PayoutCreate, order.clone(), 1, Fault::LostReply);
        house.bend(Endpoint::PayoutSearch, order.clone(), 2, Fault::SearchBlind);
        let short = Fault::Refused { status: 422, code: "insufficient-funds".to_owned() };
        house.bend(Endpoint::PayoutCreate, order.clone(), 1, short);
        to_the_payout(house, pot);
        paid(house, pot).await;
        let second = PayoutOrder::first(PayoutId::of_pot(pot)).next().key();
        assert_eq!((movements(house, &order), movements(house, &second)), (1, 0));
    });
}

#[test]
fn a_gift_whose_process_somebody_ended_does_not_keep_its_pot_from_being_paid() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let (unpaid, unheard) = (house.ask(pot, 500).await, house.ask(pot, 1_000).await);
        house.bend_webhooks(&unheard, wolo_sandbox::wave::WebhookFault::Lost);
        for gift in [&unpaid, &unheard] {
            house.terminate(&ids::donation(gift.donation)).await;
        }
        house.pay(&unheard);
        to_the_payout(house, pot);
        house.stage_is(pot, PotStage::Settled).await;
        let outcome = house.outcome::<Payout>(ids::payout(pot)).await;
        assert_eq!(outcome, PayoutOutcome::Paid { amount: Xof::new(9_900 + 990) });
        house.books_are_right().await;
    });
}

#[test]
fn a_payout_that_wave_refuses_waits_for_finance_and_is_ordered_anew() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let refused = Fault::Refused { status: 422, code: "recipient-account-blocked".to_owned() };
        house.bend(Endpoint::PayoutCreate, first_order(pot), 1, refused);
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutRefused).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 9_900, "the money stays where it is");
        let named = house.stuck_at(&ids::payout(pot), Why::NeedsHuman).await;
        assert_eq!(named.owner, Role::Finance);
        assert_eq!(named.help, format!("wolo payouts resolve {pot} --order-anew --reason …"));
        assert!(named.since.is_some(), "{named:?}");
        // There is nothing to ask again: Wave has said no.
        let again = house.control.resolve_payout(pot, decide(Decision::AskAgain)).await.expect("an answer");
        assert!(matches!(again, Resolving::Refused { .. }), "{again:?}");
        let answer = house.control.resolve_payout(pot, decide(Decision::OrderAnew)).await.expect("an answer");
        assert_eq!(answer, Resolving::Accepted);
        paid(house, pot).await;
        let second = PayoutOrder::first(PayoutId::of_pot(pot)).next().key();
        assert_eq!((movements(house, &first_order(pot)), movements(house, &second)), (0, 1));
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("an answer").expect("the pot");
        assert!(row.holds.is_empty(), "the hold is lifted");
        keep(house, "payout-refused-then-paid", &ids::payout(pot)).await;
    });
}

#[test]
fn a_decision_about_one_order_is_not_taken_for_one_about_the_next() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let (first, second) = {
            let order = PayoutOrder::first(PayoutId::of_pot(pot));
            (order.key(), order.next().key())
        };
        for order in [&first, &second] {
            let refused = Fault::Refused { status: 422, code: "recipient-account-blocked".to_owned() };
            house.bend(Endpoint::PayoutCreate, order.clone(), 1, refused);
        }
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutRefused).await;
        // Two people look at the first order, and one of them is slow.
        let anew = decide(Decision::OrderAnew);
        let answer = house.control.resolve_payout(pot, anew.clone()).await.expect("an answer");
        assert_eq!(answer, Resolving::Accepted);
        until("the second order is refused", async || {
            let status = house.control.payout_status(pot).await.ok()?;
            (status.held.is_some() && status.decision.is_none() && status.order?.number == 2).then_some(())
        })
        .await;
        let late = house.control.resolve_payout(pot, anew.clone()).await.expect("an answer");
        assert!(matches!(&late, Resolving::Refused { why } if why.contains("does not stand")), "{late:?}");
        let about_it = Resolve { order: Some(2), ..anew };
        let answer = house.control.resolve_payout(pot, about_it).await.expect("an answer");
        assert_eq!(answer, Resolving::Accepted);
        paid(house, pot).await;
        let third = PayoutOrder::first(PayoutId::of_pot(pot)).next().next().key();
        assert_eq!([&first, &second, &third].map(|order| movements(house, order)), [0, 0, 1]);
    });
}

#[test]
fn a_recipient_that_wave_never_pays_goes_to_finance() {
    live(async |house| {
        // Numbers that end in 94 belong to minors, for the emulator.
        let pot = pot_with_money(house, 94).await;
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutRefused).await;
        assert_eq!(movements(house, &first_order(pot)), 0);
        assert_eq!(house.balance(Account::Pot(pot)).await, 9_900);
    });
}

#[test]
fn a_payout_nobody_knows_the_end_of_is_held_and_found_by_a_person() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let order = first_order(pot);
        // It happens, but no reply arrives and the search does not see it.
        house.bend(Endpoint::PayoutCreate, order.clone(), 1_000, Fault::LostReply);
        house.bend(Endpoint::PayoutSearch, order.clone(), 1_000, Fault::SearchBlind);
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutUnknown).await;
        assert_eq!(movements(house, &order), 1);
        let state = house.control.pot_state(pot).await.expect("the pot answers");
        assert_eq!((state.waits_for.as_str(), state.waits_until), ("its payout", None));
        // To order anew now could pay twice, so even finance cannot.
        let anew = house.control.resolve_payout(pot, decide(Decision::OrderAnew)).await.expect("an answer");
        assert!(matches!(anew, Resolving::Refused { .. }), "{anew:?}");
        let nothing = Resolve { reason: " ".to_owned(), ..decide(Decision::AskAgain) };
        let nothing = house.control.resolve_payout(pot, nothing).await.expect("an answer");
        assert!(matches!(nothing, Resolving::Refused { .. }), "a decision without a reason: {nothing:?}");
        let wave_payout_id = house.world.wave.executed_payouts(&order)[0].id.clone();
        let found = decide(Decision::Found { wave_payout_id });
        assert_eq!(house.control.resolve_payout(pot, found).await.expect("an answer"), Resolving::Accepted);
        paid(house, pot).await;
        assert_eq!(movements(house, &order), 1);
        keep(house, "payout-unknown-then-found", &ids::payout(pot)).await;
    });
}

#[test]
fn somebody_elses_payout_is_not_taken_for_ours() {
    live(async |house| {
        let others = pot_with_money(house, 1).await;
        to_the_payout(house, others);
        paid(house, others).await;
        let pot = pot_with_money(house, 1).await;
        let order = first_order(pot);
        house.bend(Endpoint::PayoutCreate, order.clone(), 1_000, Fault::ErrorBefore { status: 503 });
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutUnknown).await;
        let wave_payout_id = house.world.wave.executed_payouts(&first_order(others))[0].id.clone();
        let wrong = decide(Decision::Found { wave_payout_id });
        assert_eq!(house.control.resolve_payout(pot, wrong).await.expect("an answer"), Resolving::Accepted);
        until("the payout says why that was not the one", async || {
            let status = house.control.payout_status(pot).await.ok()?;
            status.why.contains("does not have our reference").then_some(())
        })
        .await;
        held_for(house, pot, HoldReason::PayoutUnknown).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 9_900);
    });
}

#[test]
fn a_moderator_can_stop_a_payout_that_has_not_been_sent() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let refused = Fault::Refused { status: 422, code: "recipient-limit-exceeded".to_owned() };
        house.bend(Endpoint::PayoutCreate, first_order(pot), 1, refused);
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutRefused).await;
        let hold =
            HoldWish { reason: HoldReason::Moderation, by: "test".to_owned(), note: "wait".to_owned() };
        assert_eq!(house.control.hold_pot(pot, hold.clone()).await.expect("an answer"), WishAnswer::Done);
        let answer = house.control.resolve_payout(pot, decide(Decision::OrderAnew)).await.expect("an answer");
        assert_eq!(answer, Resolving::Accepted);
        until("the payout waits for the moderator", async || {
            let status = house.control.payout_status(pot).await.ok()?;
            (status.waits_for == HoldReason::Moderation.waits_for()).then_some(())
        })
        .await;
        let second = PayoutOrder::first(PayoutId::of_pot(pot)).next().key();
        assert_eq!((movements(house, &first_order(pot)), movements(house, &second)), (0, 0));
        assert_eq!(house.control.release_pot(pot, hold).await.expect("an answer"), WishAnswer::Done);
        // The process looks again in its own time, which is moved.
        house.set_off(&ids::payout(pot), TimeDelta::days(1));
        paid(house, pot).await;
        assert_eq!(movements(house, &second), 1);
        keep(house, "payout-stopped-by-a-moderator", &ids::payout(pot)).await;
    });
}

#[test]
fn a_payout_whose_process_was_terminated_is_taken_up_by_its_pot() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let refused = Fault::Refused { status: 422, code: "recipient-limit-exceeded".to_owned() };
        house.bend(Endpoint::PayoutCreate, first_order(pot), 1, refused);
        to_the_payout(house, pot);
        held_for(house, pot, HoldReason::PayoutRefused).await;
        let first_run = house.run_of(&ids::payout(pot)).await;
        house.terminate(&ids::payout(pot)).await;
        // Its pot waits a little before it begins another, and that time is moved.
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::hours(1));
        until("another payout process runs", async || {
            (house.run_of(&ids::payout(pot)).await != first_run).then_some(())
        })
        .await;
        held_for(house, pot, HoldReason::PayoutRefused).await;
        let answer = house.control.resolve_payout(pot, decide(Decision::OrderAnew)).await.expect("an answer");
        assert_eq!(answer, Resolving::Accepted);
        paid(house, pot).await;
        let second = PayoutOrder::first(PayoutId::of_pot(pot)).next().key();
        assert_eq!((movements(house, &first_order(pot)), movements(house, &second)), (0, 1));
        keep(house, "payout-taken-up-again", &ids::payout(pot)).await;
    });
}

#[test]
fn an_empty_pot_has_nothing_to_pay() {
    live(async |house| {
        let pot = house.open_pot().await;
        to_the_payout(house, pot);
        house.stage_is(pot, PotStage::Settled).await;
        let outcome = house.outcome::<Payout>(ids::payout(pot)).await;
        assert_eq!(outcome, PayoutOutcome::NothingToPay);
        assert_eq!(house.steps_of(&ids::payout(pot)).await, ["payouts.plan"]);
        assert_eq!(movements(house, &first_order(pot)), 0);
        keep(house, "payout-nothing-to-pay", &ids::payout(pot)).await;
    });
}

#[test]
fn a_short_wallet_makes_the_payout_wait_and_not_fail() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let order = first_order(pot);
        house.bend(Endpoint::PayoutCreate, order.clone(), 1, Fault::ShortBalance);
        to_the_payout(house, pot);
        paid(house, pot).await;
        keep(house, "payout-waited-for-float", &ids::payout(pot)).await;
    });
}

#[test]
fn a_gift_whose_end_is_not_known_holds_the_payout_back() {
    live(async |house| {
        let pot = pot_with_money(house, 1).await;
        let asked = house.ask(pot, 4_000).await;
        // Nothing ends the page: not the closing (Wave is deaf), not its time (it is not over).
        let deaf = FaultRule::always(Endpoint::CheckoutExpire, Fault::ErrorBefore { status: 503 });
        let deaf = house.world.wave.fault(deaf.about(asked.session.clone()));
        to_the_payout(house, pot);
        house.stage_is(pot, PotStage::Closed).await;
        assert_eq!(movements(house, &first_order(pot)), 0);
        assert_eq!(house.given(pot).await, 10_000);
        // Wave hears again: the page ends, its gift with it, and the payout follows.
        assert!(house.world.wave.remove_fault(deaf));
        paid(house, pot).await;
    });
}

/// A closed pot with 10,000 francs whose payout has begun and waits: nobody knows what becomes of another gift. There is no
/// process of the pot itself, so its payout is as patient as the test wants.
async fn payout_in_waiting(house: &House, patience: PayoutPatience) -> (PotId, Asked) {
    let owner = house.person().await;
    let PotPlan { pot, settings, timeline, .. } = house.plan(owner, 20).await;
    let new = NewPot { id: pot, owner, settings, timeline, at: Utc::now() };
    wolo_database::pots::schedule(&house.pool, &new).await.expect("a pot");
    wolo_database::pots::open(&house.pool, pot, Utc::now()).await.expect("an open pot");
    house.give(pot, 10_000).await;
    let asked = house.ask(pot, 4_000).await;
    wolo_database::pots::close(&house.pool, pot, Utc::now()).await.expect("a closed pot");
    let options = WorkflowStartOptions::new(queues::MONEY, ids::payout(pot)).build();
    let input = PayoutInput::new(pot, patience, PayoutRules::default());
    house.control.client().start_workflow(Payout::run, input, options).await.expect("it starts");
    (pot, asked)
}

fn patience() -> PayoutPatience {
    House::planned(UserId::from_uuid(uuid::Uuid::now_v7()), 20).patience.payout
}

#[test]
fn a_payout_asks_for_a_person_when_it_has_waited_long_and_not_before() {
    live(async |house| {
        // The first pause is the longest already.
        let patience = PayoutPatience { recheck_seconds: 3_600, longest_pause_seconds: 3_600, ..patience() };
        let (pot, _) = payout_in_waiting(house, patience).await;
        let id = ids::payout(pot);
        until("the payout pauses", async || (house.pauses_of(&id).await.len() == 1).then_some(())).await;
        assert_eq!(house.needs_human(&id).await, Some(false), "it has not waited yet");
        house.set_off(&id, TimeDelta::minutes(61));
        until("the payout asks for a person", async || house.needs_human(&id).await.filter(|needs| *needs))
            .await;
    });
}

#[test]
fn a_payout_that_waits_long_carries_on_and_remembers_how_long_it_has_waited() {
    live(async |house| {
        let patience = PayoutPatience { recheck_seconds: 1, continue_after_events: 12, ..patience() };
        let (pot, asked) = payout_in_waiting(house, patience).await;
        let id = ids::payout(pot);
        let first_run = house.run_of(&id).await;
        let second_run = until("the payout runs on in a new run", async || {
            Some(house.run_of(&id).await).filter(|run| *run != first_run)
        })
        .await;
        let pauses = until("it pauses there", async || {
            Some(house.pauses_of(&id).await).filter(|pauses| !pauses.is_empty())
        })
        .await;
        assert!(pauses[0] > Duration::from_secs(1), "the first pause of all was shorter: {pauses:?}");
        house.end_the_page(&asked).await;
        house.control.tell_donation(asked.donation, Heard::PaymentCompleted, "look").await.expect("it hears");
        let outcome = house.outcome::<Payout>(id.clone()).await;
        assert_eq!(outcome, PayoutOutcome::Paid { amount: Xof::new(9_900) });
        assert_eq!(movements(house, &first_order(pot)), 1);
        house.books_are_right().await;
        // Begun with what another run had carried, and ended with as much.
        keep_run(house, "payout-carried-on", &id, Some(second_run)).await;
    });
}
