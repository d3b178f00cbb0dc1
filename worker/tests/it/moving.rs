//! Pots that are moved before they open, because their owner's birth date was wrong.

#![expect(clippy::disallowed_methods, reason = "a test writes what the crate never would")]

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wolo_control::pots::{MoveWish, WishAnswer};
use wolo_domain::dakar;
use wolo_domain::ids::PotId;
use wolo_domain::pots::{HoldReason, PotRules, PotStage, Timeline};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome};

use crate::histories::keep;
use crate::house::{House, live, until};
use crate::pot_lifecycle;

fn to(birthday: NaiveDate) -> MoveWish {
    let rules = PotRules { opens_days_before: 30, reminder_days_before: vec![7, 1], payout_hour: 8 };
    let timeline = Timeline::plan(birthday, Utc::now(), &rules);
    MoveWish { timeline, by: "test".to_owned(), reason: "a test".to_owned() }
}

/// A day of the pot's year on which it has not opened, some days later than the one that was planned, or earlier.
fn another(planned: NaiveDate, days: u64) -> NaiveDate {
    let later = planned + Days::new(days);
    if later.year() == planned.year() { later } else { planned - Days::new(days) }
}

async fn waits_until(house: &House, pot: PotId) -> Option<DateTime<Utc>> {
    house.control.pot_state(pot).await.expect("the pot answers").waits_until
}

#[test]
fn a_moved_pot_waits_for_its_new_day_and_opens_on_it() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 80);
        let birthday = another(plan.timeline.birthday, 10);
        let pot = house.schedule(plan).await;
        let wish = to(birthday);
        let opens_at = wish.timeline.opens_at;
        assert_eq!(house.control.move_pot(pot, wish).await.expect("the pot answers"), WishAnswer::Done);
        until("the pot waits for its new day", async || {
            (waits_until(house, pot).await == Some(opens_at)).then_some(())
        })
        .await;
        let process = ids::pot_lifecycle(pot);
        house.forward(&process, opens_at - Utc::now() - TimeDelta::days(1)).await;
        house.stage_is(pot, PotStage::Scheduled).await;
        house.forward(&process, TimeDelta::days(1)).await;
        house.stage_is(pot, PotStage::Open).await;
        house.forward_to_the_end(pot).await;
        assert_eq!(house.outcome::<PotLifecycle>(process.clone()).await, PotOutcome::SettledEmpty);
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!((row.birthday, row.closes_at), (birthday, dakar::end_of(birthday)));
        assert_eq!(row.opened_at.map(dakar::day_of), Some(dakar::day_of(opens_at)));
        let expected = ["scheduled", "opened", "reminder_d7", "reminder_d1", "birthday_wish", "closed"];
        assert_eq!(pot_lifecycle::said(house, pot).await, expected.map(|what| format!("{pot}/{what}")));
        keep(house, "pot-moved", &process).await;
    });
}

#[test]
fn a_pot_that_is_being_moved_does_not_open_meanwhile() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 80);
        plan.timeline.opens_at = Utc::now() + TimeDelta::seconds(3);
        let wish = to(another(plan.timeline.birthday, 10));
        let opens_at = wish.timeline.opens_at;
        let pot = house.schedule(plan).await;
        let row = house.lock_pot(pot).await;
        let moving = tokio::spawn(house.control.move_pot(pot, wish));
        until("its old day has come", async || {
            let events = house.events_of(&ids::pot_lifecycle(pot)).await;
            let has_come = |event: &Attributes| matches!(event, Attributes::TimerFiredEventAttributes(_));
            events.iter().any(has_come).then_some(())
        })
        .await;
        row.rollback().await.expect("the row is let go");
        assert_eq!(moving.await.expect("nobody panics").expect("the pot answers"), WishAnswer::Done);
        until("the pot waits for its new day", async || {
            (waits_until(house, pot).await == Some(opens_at)).then_some(())
        })
        .await;
        house.stage_is(pot, PotStage::Scheduled).await;
        let steps = house.steps_of(&ids::pot_lifecycle(pot)).await;
        assert_eq!(steps, ["pots.schedule", "pots.move_birthday"]);
        assert_eq!(
            house.control.cancel_pot(pot, pot_lifecycle::wish()).await.expect("an answer"),
            WishAnswer::Done
        );
    });
}

#[test]
fn a_pot_whose_owner_is_a_minor_after_all_is_held_when_it_is_moved() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 80);
        let wish = to(another(plan.timeline.birthday, 10));
        let pot = house.schedule(plan).await;
        let correct = "update people.users set birth_date = current_date - 4000 where user_id = $1";
        sqlx::query(correct).bind(owner.uuid()).execute(&house.pool).await.expect("a birth date");
        assert_eq!(house.control.move_pot(pot, wish).await.expect("the pot answers"), WishAnswer::Done);
        let state = house.control.pot_state(pot).await.expect("the pot answers");
        assert!(state.holds.contains(&HoldReason::Consent), "{state:?}");
        house.forward(&ids::pot_lifecycle(pot), TimeDelta::days(62)).await;
        house.stage_is(pot, PotStage::Scheduled).await;
        house.terminate(&ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_pot_keeps_its_year_and_from_its_opening_on_its_day() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 80);
        let next_year = plan.timeline.birthday + Days::new(366);
        let pot = house.schedule(plan).await;
        let refused = house.control.move_pot(pot, to(next_year)).await.expect("the pot answers");
        assert_eq!(refused, WishAnswer::NotPossible { stage: Some(PotStage::Scheduled) });
        let open = house.open_pot().await;
        let row = wolo_database::pots::pot(&house.pool, open).await.expect("a look").expect("a pot");
        let late = house.control.move_pot(open, to(another(row.birthday, 5))).await.expect("the pot answers");
        assert_eq!(late, WishAnswer::NotPossible { stage: Some(PotStage::Open) });
        house.terminate(&ids::pot_lifecycle(pot)).await;
    });
}
