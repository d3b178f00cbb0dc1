//! Pots whose process somebody ended, and that are given another one.

use chrono::{TimeDelta, Utc};
use wolo_control::pots::TakingUp;
use wolo_database::pots::NewPot;
use wolo_domain::dakar;
use wolo_domain::pots::{Announcement, Occasion, PotStage};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome, WishAnswer};

use crate::histories::keep;
use crate::house::{live, until};
use crate::pot_lifecycle::{said, wish};

#[test]
fn a_pot_whose_process_was_terminated_goes_on_where_it_stands() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 20).await;
        let pot = house.schedule(plan.clone()).await;
        let id = ids::pot_lifecycle(pot);
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 3_000).await;
        house.forward(&id, TimeDelta::days(14)).await;
        let begun = said(house, pot).await;
        assert!(begun.iter().any(|key| key.ends_with("reminder_d7")), "{begun:?}");
        house.terminate(&id).await;
        assert!(!house.control.pot_runs(pot).await.expect("the engine answers"));
        // Gifts never speak to their pot: what is given meanwhile waits in the ledger.
        house.give(pot, 2_000).await;

        let again = async || house.control.take_up_pot(plan.clone()).await.expect("the engine answers");
        assert_eq!(again().await, TakingUp::Started);
        assert_eq!(again().await, TakingUp::Running);
        assert!(house.control.pot_runs(pot).await.expect("the engine answers"));
        until("the index names it", async || house.control.running_pots().await.ok()?.get(&pot).copied())
            .await;
        let state = until("it knows its stage", async || {
            house.control.pot_state(pot).await.ok().filter(|state| state.stage.is_some())
        })
        .await;
        assert_eq!(state.stage, Some(PotStage::Open));
        house.forward_to_the_end(pot).await;
        let outcome = house.outcome::<PotLifecycle>(id.clone()).await;
        assert_eq!(outcome, PotOutcome::PaidOut { amount: wolo_domain::money::Xof::new(4_950) });
        house.stage_is(pot, PotStage::Settled).await;
        house.books_are_right().await;
        let keys = said(house, pot).await;
        let expected = ["opened", "reminder_d7", "reminder_d1", "birthday_wish", "closed", "thanks"];
        assert_eq!(keys, expected.map(|what| format!("{pot}/{what}")), "once each");
        keep(house, "pot-taken-up-again", &id).await;
    });
}

#[test]
fn a_pot_that_is_taken_up_says_what_is_due_today_and_not_what_is_past() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 20).await;
        let new = NewPot {
            id: plan.pot,
            owner,
            settings: plan.settings.clone(),
            timeline: plan.timeline.clone(),
            at: Utc::now(),
        };
        wolo_database::pots::schedule(&house.pool, &new).await.expect("a pot");
        wolo_database::pots::open(&house.pool, plan.pot, Utc::now()).await.expect("an opening");
        let today = dakar::start_of(dakar::day_of(Utc::now()));
        let occasion = |at, days| Occasion { at, what: Announcement::Reminder { days } };
        plan.timeline.occasions = vec![occasion(today - TimeDelta::hours(16), 7), occasion(today, 1)];
        let pot = plan.pot;
        house.control.take_up_pot(plan).await.expect("the engine answers");
        until("it has said what is due", async || (said(house, pot).await.len() > 1).then_some(())).await;
        assert_eq!(said(house, pot).await, ["opened", "reminder_d1"].map(|what| format!("{pot}/{what}")));
        until("it has nothing else to say", async || {
            let state = house.control.pot_state(pot).await.ok()?;
            (state.waits_for == "the end of the birthday").then_some(())
        })
        .await;
    });
}

#[test]
fn a_pot_that_is_taken_up_after_its_closing_is_paid_out() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 20).await;
        let pot = house.schedule(plan.clone()).await;
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 1_000).await;
        assert_eq!(house.control.close_pot(pot, wish()).await.expect("the pot answers"), WishAnswer::Done);
        house.terminate(&ids::pot_lifecycle(pot)).await;
        house.control.take_up_pot(plan).await.expect("the engine answers");
        house.forward(&ids::pot_lifecycle(pot), TimeDelta::days(2)).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::PaidOut { amount: wolo_domain::money::Xof::new(990) });
    });
}

#[test]
fn a_pot_that_has_ended_is_not_begun_anew() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 40).await;
        let pot = house.schedule(plan.clone()).await;
        assert_eq!(house.control.cancel_pot(pot, wish()).await.expect("the pot answers"), WishAnswer::Done);
        house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(house.control.take_up_pot(plan).await.expect("an answer"), TakingUp::Started);
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::Cancelled);
        let cancelled = said(house, pot).await;
        assert_eq!(cancelled, [format!("{pot}/scheduled"), format!("{pot}/cancelled")]);
    });
}

#[test]
fn a_pot_whose_process_ended_while_it_closed_ends_the_pages_that_it_left_open() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 20).await;
        let pot = house.schedule(plan.clone()).await;
        house.stage_is(pot, PotStage::Open).await;
        let asked = house.ask(pot, 700).await;
        house.terminate(&ids::pot_lifecycle(pot)).await;
        // It had written the closing down, and no more.
        wolo_database::pots::close(&house.pool, pot, Utc::now()).await.expect("a closing");
        house.control.take_up_pot(plan).await.expect("the engine answers");
        house.donation_is(asked.donation, wolo_domain::donations::DonationStage::Expired).await;
    });
}
