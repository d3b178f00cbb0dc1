//! Giving back: a pot that is given up, and the endings of a refund.

use chrono::TimeDelta;
use wolo_control::pots::{TakingUp, Wish, WishAnswer};
use wolo_control::refunds::TryingAgain;
use wolo_domain::accounts::Role;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutRules;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_sandbox::phones;
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule, WebhookFault};
use wolo_sandbox::whatsapp::Sent;
use wolo_workflows::ids;
use wolo_workflows::payout::{Payout, PayoutOutcome};
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome};
use wolo_workflows::refund::{Refund, RefundOutcome};

use crate::clearance::trusted;
use crate::consent_again::{two_approve, waits_for};
use crate::histories::keep;
use crate::house::{Asked, House, live, until};
use crate::payout::{paid, to_the_payout};

fn wish() -> Wish {
    Wish { by: "test".to_owned(), reason: "the party is off".to_owned() }
}

async fn give_up(house: &House, pot: PotId) -> WishAnswer {
    house.control.cancel_pot(pot, wish()).await.expect("the pot answers")
}

/// Whether Wave's book has the gift's money back with its giver.
fn is_back(house: &House, gift: &Asked) -> bool {
    house
        .world
        .wave
        .look(|book| book.session(&gift.session).expect("the page").refund_transaction_id.is_some())
}

async fn is_refused(house: &House, donation: DonationId) {
    until(&format!("the refund of {donation} is refused"), async || {
        let status = house.control.refund_status(donation).await.ok()?;
        status.refused
    })
    .await;
}

#[test]
fn a_pot_that_is_given_up_gives_every_gift_back_and_is_cancelled() {
    live(async |house| {
        let pot = house.open_pot().await;
        let paid = [house.give(pot, 1_000).await, house.give(pot, 2_000).await];
        let unpaid = house.ask(pot, 500).await;
        let unheard = house.ask(pot, 700).await;
        house.bend_webhooks(&unheard, WebhookFault::Lost);
        house.pay(&unheard);
        assert_eq!(give_up(house, pot).await, WishAnswer::GivingBack { count: 4 });
        // Whoever says it again is told how it stands, and closing comes too late.
        assert!(matches!(give_up(house, pot).await, WishAnswer::GivingBack { .. }));
        let close = house.control.close_pot(pot, wish()).await.expect("the pot answers");
        assert_eq!(close, WishAnswer::NotPossible { stage: Some(PotStage::Cancelling) });
        for gift in paid.iter().chain([&unheard]) {
            house.donation_is(gift.donation, DonationStage::Refunded).await;
            assert!(is_back(house, gift), "its giver has the money");
        }
        house.donation_is(unpaid.donation, DonationStage::Expired).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::hours(2));
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::Cancelled);
        house.stage_is(pot, PotStage::Cancelled).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        house.books_are_right().await;
        keep(house, "pot-cancelled-with-gifts", &ids::pot_lifecycle(pot)).await;
    });
}

/// Somebody who can be told gives into an open pot.
async fn a_gift_with_a_phone(house: &House) -> (Asked, PotId, String) {
    let (pot, phone) = (house.open_pot().await, phones::unused());
    let mut gift = house.gift(pot, 1_000);
    gift.request.donor.phone = Some(phone.parse().expect("a number"));
    let asked = house.ask_for(gift).await;
    house.pay(&asked);
    house.donation_is(asked.donation, DonationStage::Confirmed).await;
    (asked, pot, phone)
}

async fn is_told(house: &House, phone: &str, words: &str) {
    until(&format!("the giver is told: {words}"), async || {
        house.world.whatsapp.look(|book| {
            let told = |sent: &Sent| sent.to == phone && sent.text.contains(words);
            book.messages().iter().any(told).then_some(())
        })
    })
    .await;
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test writes what the comparison with a statement would")]
fn whoever_gave_is_told_that_it_goes_back_and_why() {
    live(async |house| {
        let (gift, pot, phone) = a_gift_with_a_phone(house).await;
        give_up(house, pot).await;
        house.donation_is(gift.donation, DonationStage::Refunded).await;
        is_told(house, &phone, "la cagnotte a été annulée").await;

        let (gift, pot, phone) = a_gift_with_a_phone(house).await;
        let by_hand = "insert into ops.outbox (outbox_id, topic, business_key, pot_id, payload)
                       values (gen_random_uuid(), 'donation_refunded', $1, $2, jsonb_build_object('donation', $1, 'by_hand', true))";
        let told = sqlx::query(by_hand).bind(gift.donation.to_string()).bind(pot.uuid());
        told.execute(&house.pool).await.expect("an event");
        is_told(house, &phone, "une décision de notre équipe").await;
    });
}

#[test]
fn a_pot_whose_payout_is_planned_is_not_given_up_and_is_paid() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 20).await;
        plan.patience.payout_rules = PayoutRules { two_approvals_from: Xof::new(9_900) };
        let pot = house.schedule(plan).await;
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 10_000).await;
        to_the_payout(house, pot);
        waits_for(house, pot, HoldReason::Approval).await;
        let refused = WishAnswer::NotPossible { stage: Some(PotStage::PayingOut) };
        for _ in 0..2 {
            assert_eq!(give_up(house, pot).await, refused);
        }
        let two = [trusted(house, Role::Finance).await, trusted(house, Role::Finance).await];
        two_approve(house, pot, two).await;
        paid(house, pot).await;
        keep(house, "pot-not-given-up-while-it-pays-out", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_refund_that_wave_refuses_is_given_back_when_somebody_has_mended_why() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.give(pot, 3_000).await;
        house.bend(Endpoint::CheckoutRefund, gift.session.clone(), 1, Fault::ShortBalance);
        give_up(house, pot).await;
        is_refused(house, gift.donation).await;
        house.stage_is(pot, PotStage::Cancelling).await;
        assert!(!is_back(house, &gift));
        let answer = house.control.retry_refund(gift.donation, wish()).await.expect("an answer");
        assert_eq!(answer, TryingAgain::Now);
        let outcome = house.outcome::<Refund>(ids::refund(gift.donation)).await;
        assert_eq!(outcome, RefundOutcome::Refunded);
        assert!(is_back(house, &gift));
        house.books_are_right().await;
        keep(house, "refund-refused-then-given-back", &ids::refund(gift.donation)).await;
    });
}

#[test]
fn a_refund_that_wave_refuses_is_tried_again_by_itself() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.give(pot, 3_000).await;
        house.bend(Endpoint::CheckoutRefund, gift.session.clone(), 2, Fault::ShortBalance);
        give_up(house, pot).await;
        is_refused(house, gift.donation).await;
        house.set_off(&ids::refund(gift.donation), TimeDelta::hours(2));
        assert_eq!(house.outcome::<Refund>(ids::refund(gift.donation)).await, RefundOutcome::Refunded);
        assert!(is_back(house, &gift));
    });
}

#[test]
fn a_refund_and_a_pot_whose_processes_somebody_ended_are_taken_up() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 20).await;
        let pot = house.schedule(plan.clone()).await;
        house.stage_is(pot, PotStage::Open).await;
        let gift = house.give(pot, 3_000).await;
        house.bend(Endpoint::CheckoutRefund, gift.session.clone(), 1, Fault::ShortBalance);
        give_up(house, pot).await;
        is_refused(house, gift.donation).await;
        house.terminate(&ids::pot_lifecycle(pot)).await;
        house.terminate(&ids::refund(gift.donation)).await;
        assert_eq!(house.control.take_up_pot(plan).await.expect("a start"), TakingUp::Started);
        house.donation_is(gift.donation, DonationStage::Refunded).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::hours(2));
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::Cancelled);
        let refunds = house.world.wave.look(|book| {
            book.movements()
                .iter()
                .filter(|one| one.checkout_session_id.as_ref() == Some(&gift.session))
                .count()
        });
        assert_eq!(refunds, 2, "one payment, and one refund");
        keep(house, "pot-cancelling-taken-up", &ids::pot_lifecycle(pot)).await;
    });
}

/// Its payout is under way in the engine and not yet in the books.
#[test]
fn a_pot_whose_payout_cannot_be_planned_yet_can_still_be_given_up() {
    live(async |house| {
        let pot = house.open_pot().await;
        house.give(pot, 1_000).await;
        let unheard = house.ask(pot, 700).await;
        let deaf = FaultRule::always(Endpoint::CheckoutGet, Fault::ErrorBefore { status: 404 });
        let deaf = house.world.wave.fault(deaf.about(unheard.session.clone()));
        to_the_payout(house, pot);
        until("its payout waits for the gift", async || {
            let status = house.control.payout_status(pot).await.ok()?;
            status.waits_for.contains("whose end is not known").then_some(())
        })
        .await;
        let answer = house.control.cancel_pot(pot, wish()).await.expect("an answer");
        assert!(matches!(answer, WishAnswer::GivingBack { .. }), "{answer:?}");
        house.stage_is(pot, PotStage::Cancelling).await;
        house.world.wave.remove_fault(deaf);
        for process in [ids::pot_lifecycle(pot), ids::payout(pot)] {
            house.set_off(&process, TimeDelta::hours(2));
        }
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::Cancelled);
        assert_eq!(house.outcome::<Payout>(ids::payout(pot)).await, PayoutOutcome::NothingToPay);
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        house.books_are_right().await;
        keep(house, "pot-given-up-before-its-payout", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_pot_on_its_way_to_be_paid_is_not_given_up() {
    live(async |house| {
        let pot = house.open_pot().await;
        house.give(pot, 1_000).await;
        house.forward_to_the_end(pot).await;
        house.stage_is(pot, PotStage::Settled).await;
        let answer = house.control.cancel_pot(pot, wish()).await;
        assert!(crate::house::has_ended(&answer), "{answer:?}");
    });
}
