//! Steps that were due and have not been done.

#![expect(clippy::disallowed_methods, reason = "a test asks what the crate never would")]

use chrono::{TimeDelta, Utc};
use temporalio_client::WorkflowStartOptions;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_database::pots::{self, NewPot};
use wolo_database::punctuality;
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Lateness, Punctuality};
use wolo_workflows::punctuality_check::PunctualityCheck;
use wolo_workflows::{ids, queues};

use crate::histories::keep;
use crate::house::{House, live, until};

/// A pot that should have opened two hours ago and has no process that could do it.
async fn forgotten(house: &House) -> PotId {
    let owner = house.person().await;
    let mut plan = house.plan(owner, 20);
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
    let rules = Punctuality { late_after_seconds: 3_600, sweep_hour: 5, look_back_days: 0 };
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
