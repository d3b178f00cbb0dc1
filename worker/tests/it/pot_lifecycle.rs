//! The endings of a pot, and what must hold on the way there.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use temporalio_client::WorkflowSignalOptions;
use temporalio_common::data_converters::RawValue;
use wolo_control::time::Forwarded;
use wolo_database::pots;
use wolo_domain::certificates::Totals;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::{HoldWish, PotLifecycle, PotMade, PotOutcome, Wish, WishAnswer};
use wolo_workflows::steps::donations::CheckoutOutcome;

use crate::histories::{keep, keep_run};
use crate::house::{House, LONG, has_ended, live, until};

pub(crate) fn wish() -> Wish {
    Wish { by: "test".to_owned(), reason: "a test".to_owned() }
}

fn xof(francs: i64) -> Xof {
    Xof::new(francs)
}

fn moderation() -> HoldWish {
    HoldWish {
        reason: HoldReason::Moderation,
        by: "test".to_owned(),
        note: "somebody looks at it".to_owned(),
    }
}

/// What the pot has announced, in its order.
#[expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]
pub(crate) async fn said(house: &House, pot: PotId) -> Vec<String> {
    let announced = "select business_key from ops.outbox where pot_id = $1 and topic = 'pot_announced'
                     order by created_at, outbox_id";
    sqlx::query_scalar(announced).bind(pot.uuid()).fetch_all(&house.pool).await.expect("Postgres answers")
}

#[test]
fn a_pot_opens_thirty_days_before_collects_and_is_paid_out() {
    live(async |house| {
        let owner = house.person().await;
        let pot = house.schedule(house.plan(owner, 40).await).await;
        house.stage_is(pot, PotStage::Scheduled).await;
        house.forward(&ids::pot_lifecycle(pot), TimeDelta::days(9)).await;
        house.stage_is(pot, PotStage::Scheduled).await;
        house.forward(&ids::pot_lifecycle(pot), TimeDelta::days(2)).await;
        house.stage_is(pot, PotStage::Open).await;
        for francs in [5_000, 2_500, 10_000] {
            house.give(pot, francs).await;
        }
        assert_eq!(house.given(pot).await, 17_500);
        house.forward_to_the_end(pot).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        // Wave keeps one per cent of each gift.
        let amount = xof(17_500 - 175);
        assert_eq!(outcome, PotOutcome::PaidOut { amount });
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(house.balance(Account::Pot(pot)).await, 0);
        let certified = house.certified(pot).await.totals;
        assert_eq!((certified.gift_count, certified.gifts, certified.fees), (3, xof(17_500), xof(175)));
        assert_eq!((certified.payout, certified.refunds), (amount, xof(0)));
        house.books_are_right().await;
        keep(house, "pot-paid-out", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn what_a_pot_has_to_say_is_said_once_and_in_order() {
    live(async |house| {
        let owner = house.person().await;
        let pot = house.schedule(house.plan(owner, 40).await).await;
        house.forward_to_the_end(pot).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::SettledEmpty);
        let keys = said(house, pot).await;
        let expected = ["scheduled", "opened", "reminder_d7", "reminder_d1", "birthday_wish", "closed"];
        assert_eq!(keys, expected.map(|what| format!("{pot}/{what}")));
    });
}

#[test]
fn an_empty_pot_settles_without_a_payout() {
    live(async |house| {
        let pot = house.open_pot().await;
        house.forward_to_the_end(pot).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::SettledEmpty);
        house.stage_is(pot, PotStage::Settled).await;
        assert_eq!(house.certified(pot).await.totals, Totals::default());
        keep(house, "pot-settled-empty", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn an_owner_closes_a_pot_early_and_is_paid_the_next_day() {
    live(async |house| {
        let pot = house.open_pot().await;
        house.give(pot, 3_000).await;
        let answer = house.control.close_pot(pot, wish()).await.expect("the pot answers");
        assert_eq!(answer, WishAnswer::Done);
        house.stage_is(pot, PotStage::Closed).await;
        // Closed means closed: no gift begins.
        let refused = house.control.open_checkout(house.gift(pot, 500), LONG).await.expect("an answer");
        assert!(matches!(refused, CheckoutOutcome::Refused { .. }), "{refused:?}");
        // And closing again changes nothing.
        let again = house.control.close_pot(pot, wish()).await.expect("the pot answers");
        assert_eq!(again, WishAnswer::NotPossible { stage: Some(PotStage::Closed) });
        house.forward(&ids::pot_lifecycle(pot), TimeDelta::days(2)).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::PaidOut { amount: xof(2_970) });
        keep(house, "pot-closed-early", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_pot_that_is_just_opening_is_closed_when_it_has_opened() {
    live(async |house| {
        let owner = house.person().await;
        let pot = house.schedule(house.plan(owner, 40).await).await;
        let updates = house.updates_of(&ids::pot_lifecycle(pot)).await;
        let row = house.lock_pot(pot).await;
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(11));
        until("the pot's opening is under way", async || {
            let steps = house.steps_of(&ids::pot_lifecycle(pot)).await;
            steps.iter().any(|step| step == "pots.open").then_some(())
        })
        .await;
        let closing = tokio::spawn(house.control.close_pot(pot, wish()));
        until("the pot has heard the wish", async || {
            (house.updates_of(&ids::pot_lifecycle(pot)).await > updates).then_some(())
        })
        .await;
        row.rollback().await.expect("the row is let go");
        let answer = closing.await.expect("nobody panics").expect("the pot answers");
        assert_eq!(answer, WishAnswer::Done);
        house.stage_is(pot, PotStage::Closed).await;
    });
}

#[test]
fn time_has_not_passed_before_what_fell_due_is_done() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 40).await;
        let opens_at = plan.timeline.opens_at;
        let pot = house.schedule(plan).await;
        let row = house.lock_pot(pot).await;
        let (id, a_moment) = (ids::pot_lifecycle(pot), TimeDelta::seconds(1));
        let by = (opens_at - Utc::now() + a_moment).to_std().expect("forward");
        let mut passing = std::pin::pin!(house.control.forward(&id, by));
        let early = tokio::time::timeout(Duration::from_secs(6), &mut passing).await;
        assert!(early.is_err(), "the pot has not opened yet: {early:?}");
        row.rollback().await.expect("the row is let go");
        assert_eq!(passing.await.expect("time moves"), Forwarded::Whole);
        let pot = wolo_database::pots::pot(&house.pool, pot).await.expect("an answer").expect("the pot");
        assert_eq!(pot.stage, PotStage::Open);
    });
}

#[test]
fn a_pot_whose_process_is_ended_by_an_operator_does_not_say_that_it_was_closed() {
    live(async |house| {
        let pot = house.open_pot().await;
        let id = ids::pot_lifecycle(pot);
        let updates = house.updates_of(&id).await;
        // Its closing does not come to an end, so the wish waits.
        let row = house.lock_pot(pot).await;
        let closing = tokio::spawn(house.control.close_pot(pot, wish()));
        until("the pot has heard the wish", async || (house.updates_of(&id).await > updates).then_some(()))
            .await;
        house.cancel(&id).await;
        let answer = closing.await.expect("nobody panics").expect("the pot answers");
        assert_eq!(answer, WishAnswer::NotPossible { stage: Some(PotStage::Open) });
        row.rollback().await.expect("the row is let go");
    });
}

#[test]
fn a_pot_whose_process_is_ended_before_it_is_made_is_not_said_to_exist() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 40).await;
        let (pot, id) = (plan.pot, ids::pot_lifecycle(plan.pot));
        // Its being written down does not come to an end, so its maker waits.
        let row = house.lock_person(owner).await;
        let making = tokio::spawn(house.control.schedule_pot(plan, LONG));
        until("the pot has heard its maker", async || {
            house.control.pot_state(pot).await.ok()?;
            (house.updates_of(&id).await > 0).then_some(())
        })
        .await;
        house.cancel(&id).await;
        let made = making.await.expect("nobody panics");
        assert!(has_ended(&made), "{made:?}");
        row.rollback().await.expect("the row is let go");
    });
}

#[test]
fn a_pot_is_cancelled_before_it_opens() {
    live(async |house| {
        let owner = house.person().await;
        let pot = house.schedule(house.plan(owner, 40).await).await;
        let answer = house.control.cancel_pot(pot, wish()).await.expect("the pot answers");
        assert_eq!(answer, WishAnswer::Done);
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::Cancelled);
        house.stage_is(pot, PotStage::Cancelled).await;
        keep(house, "pot-cancelled", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_second_pot_for_the_same_birthday_is_not_made() {
    live(async |house| {
        let owner = house.person().await;
        let plan = house.plan(owner, 40).await;
        house.schedule(plan.clone()).await;
        // The same request again is the same pot; another request finds it taken.
        house.schedule(plan.clone()).await;
        let other = wolo_workflows::pot_lifecycle::PotPlan { request: "another".to_owned(), ..plan };
        let made = house.control.schedule_pot(other, LONG).await.expect("an answer");
        assert_eq!(made, PotMade::PotExists);
    });
}

#[test]
fn nobodys_pot_is_not_made() {
    live(async |house| {
        let plan = house.plan(UserId::from_uuid(uuid::Uuid::now_v7()), 40).await;
        let id = ids::pot_lifecycle(plan.pot);
        let made = house.control.schedule_pot(plan, LONG).await.expect("an answer");
        assert_eq!(made, PotMade::OwnerUnknown);
        assert_eq!(house.outcome::<PotLifecycle>(id.clone()).await, PotOutcome::NotScheduled);
        keep(house, "pot-not-scheduled", &id).await;
    });
}

#[test]
fn a_held_pot_takes_no_gift_until_it_is_released() {
    live(async |house| {
        let pot = house.open_pot().await;
        let nothing = house.control.release_pot(pot, moderation()).await.expect("an answer");
        assert_eq!(nothing, WishAnswer::NotHeld, "nobody holds it yet");
        assert_eq!(house.control.hold_pot(pot, moderation()).await.expect("an answer"), WishAnswer::Done);
        let refused = house.control.open_checkout(house.gift(pot, 500), LONG).await.expect("an answer");
        assert!(matches!(refused, CheckoutOutcome::Refused { .. }), "{refused:?}");
        assert_eq!(house.control.release_pot(pot, moderation()).await.expect("an answer"), WishAnswer::Done);
        house.give(pot, 500).await;
    });
}

#[test]
fn a_hold_that_hangs_does_not_undo_the_release_after_it() {
    live(async |house| {
        let pot = house.open_pot().await;
        let id = ids::pot_lifecycle(pot);
        let row = house.lock_pot(pot).await;
        let holding = tokio::spawn(house.control.hold_pot(pot, moderation()));
        until("the hold is under way", async || {
            house.steps_of(&id).await.iter().any(|step| step == "pots.hold").then_some(())
        })
        .await;
        let updates = house.updates_of(&id).await;
        let releasing = tokio::spawn(house.control.release_pot(pot, moderation()));
        until("the release was heard", async || (house.updates_of(&id).await > updates).then_some(())).await;
        row.rollback().await.expect("the row is let go");
        for answer in [holding.await, releasing.await] {
            assert_eq!(answer.expect("nobody panics").expect("an answer"), WishAnswer::Done);
        }
        house.give(pot, 500).await;
    });
}

#[test]
fn a_hold_outlasts_the_payout_day_and_the_payout_follows_its_release() {
    live(async |house| {
        let pot = house.open_pot().await;
        house.give(pot, 4_000).await;
        assert_eq!(house.control.hold_pot(pot, moderation()).await.expect("an answer"), WishAnswer::Done);
        house.set_off(&ids::pot_lifecycle(pot), TimeDelta::days(60));
        until("the pot waits for the moderator", async || {
            let state = house.control.pot_state(pot).await.ok()?;
            (state.waits_for == "a moderator's decision").then_some(())
        })
        .await;
        house.stage_is(pot, PotStage::Closed).await;
        assert_eq!(house.control.release_pot(pot, moderation()).await.expect("an answer"), WishAnswer::Done);
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::PaidOut { amount: xof(3_960) });
        keep(house, "pot-held-and-released", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_minors_pot_never_opens_without_consent() {
    live(async |house| {
        let owner = house.person_born("2016-03-01", 1).await;
        let pot = house.schedule(house.plan(owner, 40).await).await;
        house.forward(&ids::pot_lifecycle(pot), TimeDelta::days(20)).await;
        house.stage_is(pot, PotStage::Scheduled).await;
        // Nobody but the consent itself lifts that hold.
        let release = HoldWish { reason: HoldReason::Consent, ..moderation() };
        let answer = house.control.release_pot(pot, release).await.expect("an answer");
        assert_eq!(answer, WishAnswer::NotYours { reason: HoldReason::Consent });
        house.forward_to_the_end(pot).await;
        let outcome = house.outcome::<PotLifecycle>(ids::pot_lifecycle(pot)).await;
        assert_eq!(outcome, PotOutcome::Cancelled);
        keep(house, "pot-never-opened", &ids::pot_lifecycle(pot)).await;
    });
}

#[test]
fn a_pot_follows_what_becomes_of_its_guardians_consent() {
    live(async |house| {
        let owner = house.person_born("2016-03-01", 1).await;
        let pot = house.schedule(house.plan(owner, 40).await).await;
        let id = ids::pot_lifecycle(pot);
        let process = house.control.client().get_workflow_handle::<PotLifecycle>(&id);
        let tell = || {
            process.signal(PotLifecycle::holds_changed, RawValue::empty(), WorkflowSignalOptions::default())
        };
        let waits_for_consent = async || {
            until("the pot waits for the guardian", async || {
                let state = house.control.pot_state(pot).await.ok()?;
                (state.waits_for == HoldReason::Consent.waits_for()).then_some(())
            })
            .await;
        };
        house.forward(&id, TimeDelta::days(20)).await;
        waits_for_consent().await;
        let told = house.answer_for(owner, Utc::now() + TimeDelta::days(20)).await;
        assert_eq!(told, [pot]);
        tell().await.expect("the pot hears");
        house.stage_is(pot, PotStage::Open).await;
        house.give(pot, 4_000).await;
        let withdrawn = Utc::now() + TimeDelta::days(21);
        pots::hold(&house.pool, pot, HoldReason::Consent, "withdrawn", withdrawn).await.expect("a hold");
        tell().await.expect("the pot hears");
        house.set_off(&id, TimeDelta::days(40));
        waits_for_consent().await;
        house.stage_is(pot, PotStage::Closed).await;
        pots::release(&house.pool, pot, HoldReason::Consent, withdrawn).await.expect("a release");
        tell().await.expect("the pot hears");
        let outcome = house.outcome::<PotLifecycle>(id.clone()).await;
        assert_eq!(outcome, PotOutcome::PaidOut { amount: xof(3_960) });
        keep(house, "pot-followed-consent", &id).await;
    });
}

#[test]
fn a_long_run_carries_its_state_into_a_new_one() {
    live(async |house| {
        let owner = house.person().await;
        let mut plan = house.plan(owner, 40).await;
        plan.patience.continue_after_events = 12;
        let pot = house.schedule(plan).await;
        let first_run = house.run_of(&ids::pot_lifecycle(pot)).await;
        for _ in 0..4 {
            assert_eq!(house.control.hold_pot(pot, moderation()).await.expect("an answer"), WishAnswer::Done);
            assert_eq!(
                house.control.release_pot(pot, moderation()).await.expect("an answer"),
                WishAnswer::Done
            );
        }
        let second_run = until("the pot runs on in a new run", async || {
            Some(house.run_of(&ids::pot_lifecycle(pot)).await).filter(|run| *run != first_run)
        })
        .await;
        let state = house.control.pot_state(pot).await.expect("the pot answers");
        assert_eq!(state.stage, Some(PotStage::Scheduled));
        // Moving time ends with a run, so each new run is moved on; once, because moving makes a run longer, and the
        // engine lets a new one rest for a second before its first task.
        let mut moved = String::new();
        until("the pot has settled", async || {
            let run = house.run_of(&ids::pot_lifecycle(pot)).await;
            if run != moved {
                let by = Duration::from_hours(24 * 60);
                house.control.forward(&ids::pot_lifecycle(pot), by).await.ok()?;
                moved = run;
            }
            let pot = wolo_database::pots::pot(&house.pool, pot).await.ok()??;
            (pot.stage == PotStage::Settled).then_some(())
        })
        .await;
        let keys = said(house, pot).await;
        assert_eq!(keys.iter().filter(|key| key.ends_with("reminder_d7")).count(), 1, "{keys:?}");
        assert_eq!(keys.len(), 6, "{keys:?}");
        // Begun with a state, and ended with one.
        keep_run(house, "pot-carried-on", &ids::pot_lifecycle(pot), Some(second_run)).await;
    });
}
