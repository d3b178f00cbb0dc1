//! Giving back: a pot that is given up, and the endings of a refund.

use chrono::TimeDelta;
use wolo_control::pots::{TakingUp, Wish, WishAnswer};
use wolo_control::refunds::TryingAgain;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::pots::PotStage;
use wolo_sandbox::wave::{Endpoint, Fault, WebhookFault};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome};
use wolo_workflows::refund::{Refund, RefundOutcome};

use crate::histories::keep;
use crate::house::{Asked, House, live, until};

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
