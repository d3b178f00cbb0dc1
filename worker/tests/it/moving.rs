//! Pots that are moved before they open, because their owner's birth date was wrong.

#![expect(clippy::disallowed_methods, reason = "a test writes what the crate never would")]

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wolo_api::rules::birthday_pots;
use wolo_control::AskError;
use wolo_control::invitations::InvitationAnswer;
use wolo_control::pots::{MoveWish, PotMade, PotPlan, WishAnswer};
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{HoldReason, PotRules, PotStage, Timeline};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{PotLifecycle, PotOutcome};

use crate::histories::keep;
use crate::house::{House, LONG, live, until};
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

/// Somebody was born so many years later: from one leap year to another.
async fn years_later(house: &House, person: UserId, years: i32) {
    let correct =
        "update people.users set birth_date = birth_date + make_interval(years => $2) where user_id = $1";
    let correct = sqlx::query(correct).bind(person.uuid()).bind(years);
    correct.execute(&house.pool).await.expect("a birth date");
}

/// How often an owner was told that their pot has moved.
async fn told(house: &House, pot: PotId) -> i64 {
    let count = "select count(*) from notices.notices where pot_id = $1 and kind = 'pot_moved'";
    let count = sqlx::query_scalar(count).bind(pot.uuid());
    count.fetch_one(&house.pool).await.expect("Postgres answers")
}

async fn waits_until(house: &House, pot: PotId) -> Option<DateTime<Utc>> {
    house.control.pot_state(pot).await.expect("the pot answers").waits_until
}

#[test]
fn a_moved_pot_waits_for_its_new_day_and_opens_on_it() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 80).await;
        let birthday = another(plan.timeline.birthday, 10);
        let pot = house.schedule(plan).await;
        let wish = to(birthday);
        let opens_at = wish.timeline.opens_at;
        house.born_for(owner, birthday).await;
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
        let said = pot_lifecycle::said(house, pot).await;
        assert!(said[1].starts_with(&format!("{pot}/moved_")), "{said:?}");
        let expected = ["opened", "reminder_d7", "reminder_d1", "birthday_wish", "closed"];
        assert_eq!(said[2..], expected.map(|what| format!("{pot}/{what}")));
        until("the owner is told", async || (told(house, pot).await == 1).then_some(())).await;
        keep(house, "pot-moved", &process).await;
    });
}

#[test]
fn a_pot_that_is_being_moved_does_not_open_meanwhile() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 80).await;
        plan.timeline.opens_at = Utc::now() + TimeDelta::seconds(3);
        let wish = to(another(plan.timeline.birthday, 10));
        let opens_at = wish.timeline.opens_at;
        let pot = house.schedule(plan).await;
        house.born_for(owner, wish.timeline.birthday).await;
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
        let plan = house.plan(owner, 80).await;
        let wish = to(another(plan.timeline.birthday, 10));
        let pot = house.schedule(plan).await;
        house.born_for(owner, wish.timeline.birthday).await;
        years_later(house, owner, 28).await;
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
        let plan = house.plan(owner, 80).await;
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

#[test]
fn a_pot_whose_owners_birth_date_is_corrected_without_a_word_to_it_moves_by_itself() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 80).await;
        let (opened_on, birthday) = (plan.timeline.opens_at, another(plan.timeline.birthday, 10));
        // It may be the earlier day that is the right one: then the pot is late for its opening, and opens when it finds out.
        let opens_at = to(birthday).timeline.opens_at.max(opened_on);
        let pot = house.schedule(plan).await;
        house.born_for(owner, birthday).await;
        let process = ids::pot_lifecycle(pot);
        house.forward(&process, opened_on - Utc::now()).await;
        until("it has moved", async || {
            let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
            (row.birthday == birthday).then_some(())
        })
        .await;
        if opens_at > opened_on {
            until("it waits for its new day", async || {
                (waits_until(house, pot).await == Some(opens_at)).then_some(())
            })
            .await;
            house.stage_is(pot, PotStage::Scheduled).await;
            house.forward(&process, opens_at - opened_on).await;
        }
        house.stage_is(pot, PotStage::Open).await;
        let steps = house.steps_of(&process).await;
        assert_eq!(steps, ["pots.schedule", "pots.open", "pots.move_birthday", "pots.open"]);
        house.forward_to_the_end(pot).await;
        assert_eq!(house.outcome::<PotLifecycle>(process.clone()).await, PotOutcome::SettledEmpty);
        keep(house, "pot-moved-by-itself", &process).await;
    });
}

#[test]
fn a_pot_whose_owners_right_birthday_is_over_at_its_opening_is_given_up() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 40).await;
        if plan.timeline.birthday.ordinal() == 1 {
            plan = house.plan(owner, 41).await;
        }
        // It opens so late that the day before is over by then.
        plan.timeline.opens_at = dakar::start_of(plan.timeline.birthday);
        let opens_at = plan.timeline.opens_at;
        let birthday = plan.timeline.birthday - Days::new(1);
        let pot = house.schedule(plan).await;
        house.born_for(owner, birthday).await;
        let process = ids::pot_lifecycle(pot);
        house.forward(&process, opens_at - Utc::now()).await;
        assert_eq!(house.outcome::<PotLifecycle>(process.clone()).await, PotOutcome::Cancelled);
        house.stage_is(pot, PotStage::Cancelled).await;
        keep(house, "pot-birthday-over", &process).await;
    });
}

#[test]
fn a_pot_is_made_for_the_birthday_that_was_corrected_since_it_was_planned() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 80).await;
        let birthday = another(plan.timeline.birthday, 10);
        house.born_for(owner, birthday).await;
        let pot = house.schedule(plan).await;
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!((row.birthday, row.closes_at), (birthday, dakar::end_of(birthday)));
        assert_eq!(waits_until(house, pot).await, Some(row.opens_at));
        let process = ids::pot_lifecycle(pot);
        assert_eq!(house.steps_of(&process).await, ["pots.schedule", "pots.schedule"]);
        house.terminate(&process).await;
    });
}

#[test]
fn no_pot_is_made_for_a_birthday_that_is_over_after_all() {
    live(async |house| {
        let owner = house.person().await;
        let yesterday = dakar::day_of(Utc::now()) - Days::new(1);
        let planned = yesterday.with_ordinal(if yesterday.ordinal() == 1 { 3 } else { 1 }).expect("a day");
        let mut plan = House::planned(owner, 80);
        plan.pot = PotId::for_birthday(owner, planned.year());
        plan.timeline = Timeline::plan(planned, Utc::now(), &plan.rules);
        house.born_for(owner, yesterday).await;
        let pot = plan.pot;
        let made = house.control.schedule_pot(plan, LONG).await.expect("an answer");
        assert_eq!(made, PotMade::BirthdayOver);
        let process = ids::pot_lifecycle(pot);
        assert_eq!(house.outcome::<PotLifecycle>(process).await, PotOutcome::NotScheduled);
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look");
        assert!(row.is_none(), "{row:?}");
    });
}

/// The plan of a pot whose process has ended without one, because the birthday of its year seemed to be over; the birth date is put
/// right again. None on New Year's day, when no birthday of the year is over.
async fn was_over(house: &House) -> Option<PotPlan> {
    let owner = house.person().await;
    let today = dakar::day_of(Utc::now());
    let near = today + Days::new(10);
    let (birthday, over) = (if near.year() == today.year() { near } else { today }, today - Days::new(1));
    if over.year() != birthday.year() {
        return None;
    }
    let mut plan = House::planned(owner, 10);
    plan.pot = PotId::for_birthday(owner, birthday.year());
    plan.timeline = Timeline::plan(birthday, Utc::now(), &plan.rules);
    house.born_for(owner, over).await;
    let made = house.control.schedule_pot(plan.clone(), LONG).await.expect("an answer");
    assert_eq!(made, PotMade::BirthdayOver);
    let process = ids::pot_lifecycle(plan.pot);
    assert_eq!(house.outcome::<PotLifecycle>(process).await, PotOutcome::NotScheduled);
    house.born_for(owner, birthday).await;
    Some(plan)
}

#[test]
fn a_birth_date_that_is_put_right_again_has_its_pot_made_by_hand_by_the_sweep_and_by_an_invitation() {
    live(async |house| {
        let (Some(by_hand), Some(swept)) = (was_over(house).await, was_over(house).await) else { return };
        let Some(invited) = was_over(house).await else { return };
        let ended = house.control.schedule_pot(by_hand.clone(), LONG).await;
        assert!(matches!(ended, Err(AskError::Ended)), "{ended:?}");
        let pots = [by_hand.pot, swept.pot, invited.pot];
        let invitation = house.invite(house.person().await).await;
        assert_eq!(house.accept(&invitation, invited.owner).await, InvitationAnswer::Accepted);
        house.stage_is(invited.pot, PotStage::Open).await;
        for _ in 0..2 {
            let made = house.control.schedule_pot_anew(by_hand.clone(), LONG).await.expect("an answer");
            assert_eq!(made, PotMade::Scheduled);
        }
        let day = dakar::days_before(swept.timeline.birthday, 30);
        let day = house.control.sweep_birthdays(Some(day), birthday_pots(&house.settings.rules));
        day.await.expect("a sweep");
        for pot in pots {
            house.stage_is(pot, PotStage::Open).await;
            house.terminate(&ids::pot_lifecycle(pot)).await;
        }
    });
}

#[test]
fn a_pot_whose_owner_is_grown_up_after_all_is_held_for_consent_no_more() {
    live(async |house| {
        let owner = house.person_born("2016-05-17", 1).await;
        let plan = house.plan(owner, 40).await;
        let wish = to(plan.timeline.birthday);
        let opens_at = plan.timeline.opens_at;
        let pot = house.schedule(plan).await;
        let holds = async || house.control.pot_state(pot).await.expect("the pot answers").holds;
        assert!(holds().await.contains(&HoldReason::Consent));
        let process = ids::pot_lifecycle(pot);
        house.forward(&process, opens_at - Utc::now()).await;
        house.stage_is(pot, PotStage::Scheduled).await;
        years_later(house, owner, -28).await;
        assert_eq!(house.control.move_pot(pot, wish).await.expect("the pot answers"), WishAnswer::Done);
        assert!(holds().await.is_empty());
        house.stage_is(pot, PotStage::Open).await;
        keep(house, "pot-not-a-minors", &process).await;
        house.terminate(&process).await;
    });
}
