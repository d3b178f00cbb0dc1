//! What is forgotten each night, started by its schedule.

#![expect(clippy::disallowed_methods, reason = "a test writes and asks what the crate never would")]

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use temporalio_client::schedules::ScheduleOverlapPolicy;
use uuid::Uuid;
use wolo_bootstrap::Shutdown;
use wolo_workflows::housekeeping::Housekeeping;
use wolo_workflows::ids;

use crate::histories::keep;
use crate::house::{House, live, until};

/// A session that ended so many days ago.
async fn session(house: &House, ended_days_ago: i32) -> Uuid {
    let (id, user) = (Uuid::now_v7(), house.person().await);
    let insert = "insert into people.sessions (session_id, user_id, proofs, expires_at)
                  values ($1, $2, '{otp}', now() - make_interval(days => $3))";
    let inserted = sqlx::query(insert).bind(id).bind(user.uuid()).bind(ended_days_ago).execute(&house.pool);
    inserted.await.expect("a session is written");
    id
}

async fn is_there(house: &House, session: Uuid) -> bool {
    let find = sqlx::query_scalar("select exists (select from people.sessions where session_id = $1)");
    find.bind(session).fetch_one(&house.pool).await.expect("Postgres answers")
}

#[test]
fn the_schedule_starts_a_process_that_forgets_what_is_old() {
    live(async |house| {
        let (old, young) = (session(house, 91).await, session(house, 89).await);
        let schedule = house.control.client().get_schedule_handle(ids::HOUSEKEEPING);
        let trigger = schedule.trigger(ScheduleOverlapPolicy::AllowAll, Default::default());
        trigger.await.expect("the schedule is there");
        until("the old session is forgotten", async || (!is_there(house, old).await).then_some(())).await;
        assert!(is_there(house, young).await);
        let process = until("the schedule tells of its process", async || {
            let known = schedule.describe(Default::default()).await.expect("the schedule is there");
            Some(known.recent_actions().pop()?.workflow_id)
        })
        .await;
        let forgotten = house.outcome::<Housekeeping>(process.clone()).await;
        assert!(forgotten.leftovers.sessions >= 1, "{forgotten:?}");
        keep(house, "housekeeping", &process).await;
    });
}

#[test]
fn the_schedule_is_nightly_and_a_worker_that_starts_again_leaves_it_as_it_is() {
    live(async |house| {
        let schedule = house.control.client().get_schedule_handle(ids::HOUSEKEEPING);
        schedule.pause(Some("a reason"), Default::default()).await.expect("it can be paused");
        let worker =
            wolo_worker::Worker::start(&house.settings, Shutdown::new()).await.expect("a second one");
        let known = schedule.describe(Default::default()).await.expect("the schedule is there");
        assert!(known.paused(), "pausing is the operator's decision");
        schedule.unpause(Some("no reason"), Default::default()).await.expect("it can go on");
        let next: Vec<DateTime<Utc>> = known.future_action_times().into_iter().map(DateTime::from).collect();
        assert!(next.len() > 1, "{next:?}");
        assert!(next.iter().all(|at| (at.hour(), at.minute()) == (4, 30)), "{next:?}");
        assert!(next.windows(2).all(|pair| pair[1] - pair[0] == TimeDelta::days(1)), "{next:?}");
        drop(worker);
    });
}
