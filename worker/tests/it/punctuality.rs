//! Steps that were due and have not been done.

#![expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]

use std::time::Duration;

use chrono::{Days, TimeDelta, Utc};
use temporalio_client::WorkflowStartOptions;
use temporalio_client::schedules::ScheduleSpec;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::pots::{self, NewPot};
use wolo_database::{birthdays, punctuality};
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Lateness, Punctuality};
use wolo_workflows::punctuality_check::PunctualityCheck;
use wolo_workflows::{ids, queues};

use crate::books::house_of_its_own;
use crate::histories::keep;
use crate::house::{House, alone, live, until};

/// A pot that should have opened two hours ago and has no process that could do it.
async fn forgotten(house: &House) -> PotId {
    let owner = house.person().await;
    let mut plan = house.plan(owner, 20).await;
    plan.timeline.opens_at = Utc::now() - TimeDelta::hours(2);
    let new = NewPot {
        id: plan.pot,
        owner,
        settings: plan.settings,
        timeline: plan.timeline,
        at: Utc::now() - TimeDelta::hours(3),
    };
    pots::schedule(&house.pool, &new).await.expect("a pot");
    new.id
}

async fn trusted(house: &House, with: &[Role]) -> UserId {
    let person = house.person().await;
    let mut connection = house.pool.acquire().await.expect("a connection");
    for role in with {
        roles::grant(&mut connection, person, *role, Doer::new("test", "in a test")).await.expect("a role");
    }
    person
}

async fn check(house: &House, name: &str) -> Lateness {
    look(house, name, 0).await
}

async fn look(house: &House, name: &str, look_back_days: u32) -> Lateness {
    let rules = Punctuality { late_after_seconds: 3_600, sweep_hour: 5, look_back_days, escalate_hours: 48 };
    let id = format!("{}/{name}", ids::PUNCTUALITY_CHECK);
    let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
    let client = house.control.client();
    client.start_workflow(PunctualityCheck::run, rules, options).await.expect("it starts");
    house.outcome::<PunctualityCheck>(id).await
}

/// Who has been told of an event.
async fn told_of(house: &House, key: &str) -> Vec<String> {
    let people = "select person from notices.notices
                  join ops.outbox on replace(outbox_id::text, '-', '') = event
                  where business_key = $1";
    sqlx::query_scalar(people).bind(key).fetch_all(&house.pool).await.expect("Postgres answers")
}

/// How many alerts somebody has had about a pot.
async fn alerts(house: &House, person: UserId, pot: PotId) -> i64 {
    let count =
        "select count(*) from notices.notices where person = $1 and pot_id = $2 and kind = 'operator_alert'";
    let count = sqlx::query_scalar(count).bind(person.to_string()).bind(pot.uuid());
    count.fetch_one(&house.pool).await.expect("Postgres answers")
}

#[test]
fn a_late_pot_is_found_whenever_one_looks_and_is_told_once_to_whoever_can_help() {
    live(async |house| {
        let support = trusted(house, &[Role::Support, Role::Superadmin]).await;
        let finance = trusted(house, &[Role::Finance]).await;
        let pot = forgotten(house).await;
        for name in ["first", "second"] {
            let late = check(house, name).await;
            let found = late.steps.iter().find(|step| step.about == DueFor::Pot(pot));
            assert_eq!(found.map(|step| step.what), Some(DueStep::Opening), "{late:?}");
        }
        until("support is told", async || (alerts(house, support, pot).await > 0).then_some(())).await;
        let events = "select count(*) from ops.outbox where topic = 'step_late' and pot_id = $1";
        let events = sqlx::query_scalar::<_, i64>(events).bind(pot.uuid());
        assert_eq!(events.fetch_one(&house.pool).await.expect("Postgres answers"), 1);
        assert_eq!((alerts(house, support, pot).await, alerts(house, finance, pot).await), (1, 0));
        keep(house, "punctuality", &format!("{}/first", ids::PUNCTUALITY_CHECK)).await;
    });
}

#[test]
fn a_day_that_nobody_swept_and_many_steps_at_once_are_told_to_whoever_runs_the_system() {
    live(async |house| {
        let superadmin = trusted(house, &[Role::Superadmin]).await.to_string();
        let support = trusted(house, &[Role::Support]).await.to_string();
        let since = "2020-01-01T05:00:00Z".parse().expect("an instant");
        let day = LateStep { what: DueStep::Sweep, about: DueFor::Day(dakar::day_of(since)), since };
        for total in [1, 11] {
            let late = Lateness { steps: vec![day], total };
            punctuality::tell(&house.pool, since, &late).await.expect("it is told");
        }
        for key in ["sweep/2020-01-01/2020-01-01", "many/2020-01-01"] {
            let told = until("the superadmin is told", async || {
                let told = told_of(house, key).await;
                told.contains(&superadmin).then_some(told)
            })
            .await;
            assert!(!told.contains(&support), "{key}: {told:?}");
        }
    });
}

/// Days of this week on which the sweep is late.
async fn late_sweeps(house: &House, name: &str) -> usize {
    let late = look(house, name, 7).await;
    late.steps.iter().filter(|step| step.what == DueStep::Sweep).count()
}

/// As though so many days had gone by on which the schedule of the sweep might have started it, but for those that it makes up for.
async fn days_go_by(house: &House, days: u64) {
    until("no sweep runs", async || {
        let standing = house.control.schedule(ids::BIRTHDAY_SWEEP).await;
        standing.map_or(true, |standing| standing.running.is_empty()).then_some(())
    })
    .await;
    let came = "update people.users set created_at = now() - make_interval(days => $1)";
    let days = i32::try_from(days).expect("a number");
    sqlx::query(came).bind(days).execute(&house.pool).await.expect("people of old");
    sqlx::query("delete from pots.sweeps").execute(&house.pool).await.expect("no day is noted");
}

/// The canary is the day's note: whatever keeps the sweep from being started, its absence is seen by the check that another schedule
/// starts, and told.
#[test]
fn a_sweep_that_nothing_starts_any_more_is_told_of() {
    alone(async {
        let house = house_of_its_own().await;
        let superadmin = trusted(house, &[Role::Superadmin]).await.to_string();
        let schedule = house.control.client().get_schedule_handle(ids::BIRTHDAY_SWEEP);
        let often = ScheduleSpec::from_interval(Duration::from_secs(1));
        let change = schedule.update(
            move |schedule| {
                schedule.set_spec(often);
            },
            Default::default(),
        );
        change.await.expect("it sweeps all day");
        let every_day_is_swept = async || {
            until("every day is swept", async || {
                let due = birthdays::unswept(&house.pool, dakar::day_of(Utc::now()), 7).await.expect("days");
                due.is_empty().then_some(())
            })
            .await;
        };
        days_go_by(house, 2).await;
        every_day_is_swept().await;
        assert_eq!(late_sweeps(house, "alive").await, 0, "its schedule lives");

        let told = async |days: u64| {
            house.control.trigger_schedule(ids::PUNCTUALITY_CHECK).await.expect("it is there");
            let day = dakar::day_of(Utc::now()) - Days::new(days);
            let key = format!("sweep/{day}/{day}");
            until("the superadmin is told", async || {
                told_of(house, &key).await.contains(&superadmin).then_some(())
            })
            .await;
        };
        house.control.pause_schedule(ids::BIRTHDAY_SWEEP, "a test").await.expect("it is paused");
        days_go_by(house, 3).await;
        assert!(late_sweeps(house, "paused").await >= 2);
        told(2).await;

        house.control.resume_schedule(ids::BIRTHDAY_SWEEP, "a test").await.expect("it goes on");
        every_day_is_swept().await;
        house.control.pause_schedule(ids::BIRTHDAY_SWEEP, "a test").await.expect("it is paused");
        days_go_by(house, 5).await;
        schedule.delete(Default::default()).await.expect("it is gone");
        assert!(late_sweeps(house, "gone").await >= 4);
        told(4).await;
    });
}
