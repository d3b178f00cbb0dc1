//! The endings of a gift, and every way in which Wave can make it hard to know them.

use wolo_control::donations::Heard;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Account;
use wolo_domain::pots::PotStage;
use wolo_sandbox::wave::{Endpoint, Fault, Release, WebhookFault};
use wolo_workflows::donation::{Donation, DonationOutcome};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::Wish;
use wolo_workflows::steps::donations::CheckoutOutcome;

use crate::histories::keep;
use crate::house::{Asked, House, LONG, has_ended, live, until};

async fn outcome(house: &House, asked: &Asked) -> DonationOutcome {
    house.outcome::<Donation>(ids::donation(asked.donation)).await
}

/// Past the end of the page and the grace after it.
async fn past_the_page(house: &House, asked: &Asked) {
    house.forward(&ids::donation(asked.donation), chrono::TimeDelta::minutes(40)).await;
}

pub(crate) async fn close(house: &House, pot: PotId) {
    house
        .control
        .close_pot(pot, Wish { by: "test".to_owned(), reason: String::new() })
        .await
        .expect("it closes");
}

async fn postings(house: &House, donation: DonationId, pot: PotId) -> usize {
    let page = wolo_database::Page { after: None, limit: 100 };
    let all = wolo_database::ledger::of_pot(&house.pool, pot, page).await.expect("Postgres answers");
    all.iter().filter(|posted| posted.business_key == donation.to_string()).count()
}

#[test]
fn a_paid_gift_is_confirmed_by_its_webhook() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 5_000).await;
        house.pay(&asked);
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        assert_eq!(house.given(pot).await, 5_000);
        keep(house, "donation-confirmed", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_gift_that_is_not_paid_expires() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 5_000).await;
        house.end_the_page(&asked).await;
        past_the_page(house, &asked).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Expired);
        house.donation_is(asked.donation, DonationStage::Expired).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        keep(house, "donation-expired", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn an_attempt_that_failed_is_not_an_end() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 5_000).await;
        house.world.wave.fail_payment(&asked.session, None).expect("the attempt fails");
        house.webhook_is_taken(&asked.donation.to_string()).await;
        house.donation_is(asked.donation, DonationStage::Requested).await;
        house.pay(&asked);
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        let row = wolo_database::donations::donation(&house.pool, asked.donation).await.expect("an answer");
        assert_eq!(row.expect("the gift").failed_attempts, 1);
        keep(house, "donation-failed-then-paid", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_payment_in_the_last_second_counts_though_its_webhook_is_lost() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 7_000).await;
        house.bend_webhooks(&asked, WebhookFault::Lost);
        house.pay(&asked);
        past_the_page(house, &asked).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        assert_eq!(house.given(pot).await, 7_000);
        keep(house, "donation-paid-in-the-last-second", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_lost_webhook_is_made_up_for_when_the_pot_closes() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 7_000).await;
        house.bend_webhooks(&asked, WebhookFault::Lost);
        house.pay(&asked);
        close(house, pot).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        assert_eq!(house.given(pot).await, 7_000);
        keep(house, "donation-found-by-asking", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_webhook_that_comes_twice_counts_once() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 2_000).await;
        house.bend_webhooks(&asked, WebhookFault::Duplicate { copies: 5 });
        house.pay(&asked);
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        // And once more after the end.
        let told = house.control.tell_donation(asked.donation, Heard::PaymentCompleted, "once more").await;
        assert!(has_ended(&told), "{told:?}");
        assert_eq!(house.given(pot).await, 2_000);
        assert_eq!(postings(house, asked.donation, pot).await, 1);
        keep(house, "donation-webhook-twice", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_webhook_that_overtakes_the_reply_of_its_checkout_is_not_forgotten() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.gift(pot, 2_000);
        let donation = gift.request.donation;
        // The page is made and paid while its maker still waits for the reply.
        house.bend(Endpoint::CheckoutCreate, donation.to_string(), 1, Fault::StalledReply);
        let asking = tokio::spawn(async move { house.ask_for(gift).await.donation });
        let session = house
            .world
            .wave
            .wait_for(|book| book.sessions_for(&donation.to_string()).next().map(|one| one.id.clone()), LONG)
            .await
            .expect("Wave has made the page");
        house.world.wave.pay(&session, None).expect("Wave takes the payment");
        house.webhook_is_taken(&donation.to_string()).await;
        house.world.wave.release_stalled(Release::Answer);
        assert_eq!(asking.await.expect("the giver is answered"), donation);
        house.donation_is(donation, DonationStage::Confirmed).await;
        assert_eq!(house.outcome::<Donation>(ids::donation(donation)).await, DonationOutcome::Confirmed);
        assert_eq!(house.given(pot).await, 2_000);
        keep(house, "donation-webhook-before-reply", &ids::donation(donation)).await;
    });
}

#[test]
fn a_lost_reply_of_the_create_call_makes_no_second_page() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.gift(pot, 2_000);
        let donation = gift.request.donation;
        house.bend(Endpoint::CheckoutCreate, donation.to_string(), 1, Fault::LostReply);
        let asked = house.ask_for(gift).await;
        let pages = house.world.wave.look(|book| book.sessions_for(&donation.to_string()).count());
        assert_eq!(pages, 1);
        house.pay(&asked);
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
    });
}

#[test]
fn money_that_arrives_after_the_closing_goes_back() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 6_000).await;
        // The pot closes, but Wave does not hear for a moment that the page should end.
        house.bend(Endpoint::CheckoutExpire, asked.session.clone(), 3, Fault::ErrorBefore { status: 503 });
        close(house, pot).await;
        house.stage_is(pot, PotStage::Closed).await;
        // Wave tells time in seconds; the payment must be visibly later than the closing. Its clock is not moved: it is everybody's here.
        let row =
            wolo_database::pots::pot(&house.pool, pot).await.expect("Postgres answers").expect("the pot");
        let closing = row.closing_recorded_at.expect("it has closed").timestamp();
        until("Wave's clock shows a later second", async || {
            (house.world.wave.now().timestamp() > closing).then_some(())
        })
        .await;
        house.pay(&asked);
        assert_eq!(outcome(house, &asked).await, DonationOutcome::RefundDue);
        house.donation_is(asked.donation, DonationStage::Refunded).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        house.books_are_right().await;
        let refunded = house.world.wave.look(|book| {
            let session = book.session(&asked.session).expect("the page");
            session.refund_transaction_id.is_some()
        });
        assert!(refunded, "the giver has the money back");
        keep(house, "donation-refunded", &ids::donation(asked.donation)).await;
        keep(house, "refund-given-back", &ids::refund(asked.donation)).await;
    });
}

#[test]
fn a_payment_before_the_closing_that_is_heard_of_later_is_in_time() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 6_000).await;
        house.bend_webhooks(&asked, WebhookFault::Held);
        house.pay(&asked);
        close(house, pot).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        assert_eq!(house.given(pot).await, 6_000);
        keep(house, "donation-heard-of-late", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_gift_that_was_written_off_and_turns_out_paid_goes_back() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 6_000).await;
        // Wave says for once that the page has ended, though it has not.
        let ended = serde_json::json!({
            "id": asked.session, "amount": "6000", "currency": "XOF", "checkout_status": "expired",
            "payment_status": "cancelled", "client_reference": asked.donation,
            "wave_launch_url": "https://pay.wave.com/c/x", "when_created": "2026-11-23T10:00:00Z",
            "when_expires": "2026-11-23T10:30:00Z",
        });
        let wrong = Fault::OtherReply { status: 200, body: ended.to_string(), repeat: 1, location: None };
        house.bend(Endpoint::CheckoutGet, asked.session.clone(), 1, wrong);
        past_the_page(house, &asked).await;
        house.donation_is(asked.donation, DonationStage::Expired).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Expired);
        // The payment's webhook finds no process and makes it begin again.
        house.pay(&asked);
        house.donation_is(asked.donation, DonationStage::Refunded).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::RefundDue);
        assert_eq!(house.given(pot).await, 0);
        house.books_are_right().await;
        keep(house, "donation-taken-up-again", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_gift_whose_process_was_terminated_is_taken_up_by_its_webhook() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 6_000).await;
        house.terminate(&ids::donation(asked.donation)).await;
        house.pay(&asked);
        house.donation_is(asked.donation, DonationStage::Confirmed).await;
        assert_eq!(house.given(pot).await, 6_000);
    });
}

#[test]
fn a_gift_whose_process_ends_while_wave_is_asked_is_not_said_to_be_refused() {
    live(async |house| {
        let pot = house.open_pot().await;
        for terminated in [false, true] {
            let gift = house.gift(pot, 2_000);
            let donation = gift.request.donation;
            house.bend(Endpoint::CheckoutCreate, donation.to_string(), 1, Fault::StalledReply);
            let asking = tokio::spawn(house.control.open_checkout(gift, LONG));
            let made = |book: &wolo_sandbox::wave::Book| {
                book.sessions_for(&donation.to_string()).next().map(|page| page.id.clone())
            };
            house.world.wave.wait_for(made, LONG).await.expect("Wave has made the page");
            let id = ids::donation(donation);
            if terminated {
                house.terminate(&id).await;
            } else {
                house.cancel(&id).await;
            }
            let answer = asking.await.expect("nobody panics");
            assert!(has_ended(&answer), "{answer:?}");
        }
    });
}

#[test]
fn another_amount_than_asked_goes_to_suspense() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.ask(pot, 6_000).await;
        house.bend(Endpoint::CheckoutGet, asked.session.clone(), 1, Fault::OtherAmount { amount: 9_000 });
        house.pay(&asked);
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Suspended);
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        house.books_are_right().await;
        keep(house, "donation-suspended", &ids::donation(asked.donation)).await;
    });
}

#[test]
fn a_gift_that_the_rules_refuse_asks_nothing_of_wave() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.gift(pot, 99);
        let donation = gift.request.donation;
        let refused = house.control.open_checkout(gift, LONG).await.expect("an answer");
        assert!(matches!(refused, CheckoutOutcome::Refused { .. }), "{refused:?}");
        assert_eq!(house.outcome::<Donation>(ids::donation(donation)).await, DonationOutcome::Refused);
        let pages = house.world.wave.look(|book| book.sessions_for(&donation.to_string()).count());
        assert_eq!(pages, 0);
        keep(house, "donation-refused", &ids::donation(donation)).await;
    });
}

#[test]
fn an_ordinary_gift_takes_two_steps() {
    live(async |house| {
        let pot = house.open_pot().await;
        let asked = house.give(pot, 1_000).await;
        assert_eq!(outcome(house, &asked).await, DonationOutcome::Confirmed);
        let steps = house.steps_of(&ids::donation(asked.donation)).await;
        assert_eq!(steps, ["donations.open_checkout", "donations.settle"]);
        // And its pot has heard nothing of it.
        assert_eq!(house.signals_of(&ids::pot_lifecycle(pot)).await, 0);
    });
}
