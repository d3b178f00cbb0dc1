//! The pots that make themselves, thirty days before a birthday.

#![expect(clippy::disallowed_methods, reason = "a test writes what the crate never would")]

use chrono::{Datelike as _, Days, NaiveDate, Utc};
use temporalio_client::schedules::ScheduleOverlapPolicy;
use temporalio_client::{WorkflowGetResultOptions, WorkflowStartOptions};
use wolo_api::rules::birthday_pots;
use wolo_control::birthdays::SweptDay;
use wolo_database::birthdays;
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::pots::{HoldReason, PotStage};
use wolo_workflows::birthday_sweep::{BirthdaySweep, SweepInput};
use wolo_workflows::{ids, queues};

use crate::histories::{keep, keep_run};
use crate::house::{House, live, until};

fn today() -> NaiveDate {
    dakar::day_of(Utc::now())
}

/// Somebody who celebrates so many days from now, and is so old by then. (Both are leap years' ages: one may celebrate on 29 February.)
async fn celebrant(house: &House, days_ahead: u64, age: i32) -> (UserId, PotId) {
    let birthday = today() + Days::new(days_ahead);
    let born = birthday.with_year(birthday.year() - age).expect("a day");
    let user = house.person_born(&born.to_string(), 1).await;
    (user, PotId::for_birthday(user, birthday.year()))
}

async fn sweep(house: &House, day: Option<NaiveDate>) -> Vec<SweptDay> {
    let pots = birthday_pots(&house.settings.rules);
    house.control.sweep_birthdays(day, pots).await.expect("a sweep")
}

async fn stage(house: &House, pot: PotId) -> Option<PotStage> {
    wolo_database::pots::pot(&house.pool, pot).await.expect("a look").map(|pot| pot.stage)
}

async fn is_open(house: &House, pot: PotId) {
    until("the pot is open", async || (stage(house, pot).await == Some(PotStage::Open)).then_some(())).await;
}

#[test]
fn whoever_celebrates_in_thirty_days_gets_a_pot_and_swept_again_no_second_one() {
    live(async |house| {
        let (awa, pot) = celebrant(house, 30, 40).await;
        let (_, of_a_child) = celebrant(house, 30, 12).await;
        let (moussa, unwanted) = celebrant(house, 30, 20).await;
        let refuse = "insert into people.preferences (user_id, muted, birthday_pot) values ($1, '{}', false)";
        sqlx::query(refuse).bind(moussa.uuid()).execute(&house.pool).await.expect("a preference");
        let (_, later) = celebrant(house, 31, 40).await;

        let swept = sweep(house, Some(today())).await;
        assert_eq!((swept.len(), swept[0].day), (1, today()));
        assert!(swept[0].started >= 2, "{swept:?}");
        is_open(house, pot).await;
        let row = wolo_database::pots::pot(&house.pool, pot).await.expect("a look").expect("a pot");
        assert_eq!((row.owner, row.settings.title.as_str()), (awa, "L'anniversaire d'Awa"));
        let held = until("the child's pot is there", async || {
            wolo_database::pots::pot(&house.pool, of_a_child).await.expect("a look")
        })
        .await;
        assert_eq!(held.stage, PotStage::Scheduled);
        assert_eq!(held.holds.iter().map(|hold| hold.reason).collect::<Vec<_>>(), [HoldReason::Consent]);

        let again = sweep(house, Some(today())).await;
        assert_eq!(again[0].started, 0, "{again:?}");
        assert_eq!((stage(house, unwanted).await, stage(house, later).await), (None, None));
        keep(house, "birthday-sweep", &ids::birthday_sweep(Some(today()))).await;
    });
}

#[test]
fn days_on_which_nobody_was_there_are_made_up_for_by_the_schedule() {
    live(async |house| {
        let (_, missed) = celebrant(house, 28, 40).await;
        // Whose day was over before anybody was here.
        let (_, came_late) = celebrant(house, 12, 40).await;
        let (longer_here, _) = celebrant(house, 200, 40).await;
        let came = "update people.users set created_at = now() - interval '2 days' where user_id = $1";
        sqlx::query(came).bind(longer_here.uuid()).execute(&house.pool).await.expect("a person of old");
        let schedule = house.control.client().get_schedule_handle(ids::BIRTHDAY_SWEEP);
        let trigger = schedule.trigger(ScheduleOverlapPolicy::AllowAll, Default::default());
        trigger.await.expect("the schedule is there");
        is_open(house, missed).await;
        is_open(house, came_late).await;
        until("all days are swept", async || {
            let due = birthdays::unswept(&house.pool, today(), 30).await.expect("days");
            due.is_empty().then_some(())
        })
        .await;
        let process = until("the schedule tells of its process", async || {
            let known = schedule.describe(Default::default()).await.expect("the schedule is there");
            Some(known.recent_actions().pop()?.workflow_id)
        })
        .await;
        let swept = house.outcome::<BirthdaySweep>(process.clone()).await;
        assert!(swept.iter().any(|one| one.day == today() - Days::new(2)), "{swept:?}");
        keep(house, "birthday-sweep-missed", &process).await;
    });
}

#[test]
fn a_long_sweep_carries_on_in_a_new_run_where_it_was() {
    live(async |house| {
        let mut pots = Vec::new();
        for _ in 0..3 {
            // So far ahead that no other sweep comes first.
            pots.push(celebrant(house, 40, 40).await.1);
        }
        let day = today() + Days::new(10);
        let all = SweepInput::new(Some(day), birthday_pots(&house.settings.rules));
        let input = SweepInput { page: 2, continue_after_events: 1, ..all };
        let id = format!("{}/in-pages", ids::BIRTHDAY_SWEEP);
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
        let first = house.control.client().start_workflow(BirthdaySweep::run, input, options).await;
        let first = first.expect("it starts");
        let swept = first.get_result(WorkflowGetResultOptions::default()).await.expect("it ends");
        assert!(matches!(swept[..], [SweptDay { celebrants, .. }] if celebrants >= 3), "{swept:?}");
        for pot in pots {
            until("the pot is there", async || {
                (stage(house, pot).await == Some(PotStage::Scheduled)).then_some(())
            })
            .await;
        }
        let run = first.info().first_execution_run_id.clone();
        keep_run(house, "birthday-sweep-carried-on", &id, run).await;
    });
}
