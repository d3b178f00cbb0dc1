//! Pots that were given up in an hour that the engine has forgotten: their rows know it, and their processes believe otherwise.

use chrono::{TimeDelta, Utc};
use wolo_control::pots::RefundPatience;
use wolo_domain::dakar;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::PotId;
use wolo_domain::ledger::Account;
use wolo_domain::pots::PotStage;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome};

use crate::books::house_of_its_own;
use crate::histories::keep;
use crate::house::{House, alone, live, until};

/// As a process did that nobody remembers.
async fn was_given_up(house: &House, pot: PotId) {
    wolo_database::pots::cancel(&house.pool, pot, Utc::now()).await.expect("it is given up");
}

async fn ends_cancelled(house: &House, pot: PotId) {
    let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
    assert_eq!(outcome, PotOutcome::Cancelled);
    house.stage_is(pot, PotStage::Cancelled).await;
    assert_eq!(house.balance(Account::Pot(pot)).await, 0);
}

#[test]
fn a_pot_that_has_forgotten_that_it_is_given_up_is_told_within_the_hour_and_gives_its_gifts_back() {
    alone(async {
        let house = house_of_its_own().await;
        let pot = house.open_pot().await;
        let gift = house.give(pot, 3_000).await;
        was_given_up(house, pot).await;
        let today = dakar::day_of(Utc::now());
        house.control.reconcile(today, 900, RefundPatience::default()).await.expect("it is compared");
        house.donation_is(gift.donation, DonationStage::Refunded).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::hours(2));
        ends_cancelled(house, pot).await;
        keep(house, "pot-told-that-it-is-given-up", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_pot_that_believes_itself_open_agrees_with_its_row_when_it_closes() {
    live(async |house| {
        let (empty, full) = (house.open_pot().await, house.open_pot().await);
        let gift = house.give(full, 3_000).await;
        for pot in [empty, full] {
            was_given_up(house, pot).await;
            house.forward_to_the_end(pot).await;
            ends_cancelled(house, pot).await;
        }
        house.donation_is(gift.donation, DonationStage::Refunded).await;
        keep(house, "pot-given-up-when-it-closes", &ids::pot_lifecycle(full)).await;
    });
}

#[test]
fn a_pot_that_believes_itself_closed_agrees_with_its_row_instead_of_paying_out() {
    live(async |house| {
        let pot = house.open_pot().await;
        let gift = house.give(pot, 3_000).await;
        let wish = wolo_control::pots::Wish { by: "test".to_owned(), reason: "a test".to_owned() };
        house.control.close_pot(pot, wish).await.expect("the pot answers");
        until("the pages have been ended", async || {
            let state = house.control.pot_state(pot).await.ok()?;
            state.checkouts_ended.then_some(())
        })
        .await;
        was_given_up(house, pot).await;
        house.forward_to_the_end(pot).await;
        house.donation_is(gift.donation, DonationStage::Refunded).await;
        ends_cancelled(house, pot).await;
        keep(house, "pot-given-up-when-it-settles", &ids::pot_lifecycle(pot)).await;
    });
}
