//! The schedules, which start processes at their hours. They belong to the server; each worker that starts makes them what its
//! settings say. Whether one is paused is the operator's decision, and stays.

use std::time::Duration;

use temporalio_client::schedules::{
    CreateScheduleOptions, ScheduleAction, ScheduleCalendarSpec, ScheduleError, ScheduleOverlapPolicy,
    ScheduleSpec,
};
use temporalio_client::tonic::Code;
use temporalio_client::{Client, RpcOptions};
use wolo_bootstrap::settings;
use wolo_workflows::housekeeping::{Housekeeping, Keeping};
use wolo_workflows::{ids, queues};

/// An hour that nobody was there for is made up for within a day; once is enough.
const CATCH_UP: Duration = Duration::from_hours(24);

pub(crate) async fn ensure(client: &Client, accounts: &settings::Accounts) -> Result<(), ScheduleError> {
    let keeping = Keeping {
        leftovers_days: accounts.leftovers_days,
        ended_sessions_days: accounts.ended_sessions_days,
    };
    let action =
        ScheduleAction::start_workflow(Housekeeping::run, keeping, queues::LIFECYCLE, ids::HOUSEKEEPING);
    // In the small hours of Dakar, whose time is the engine's.
    let spec = ScheduleSpec::from_calendar(ScheduleCalendarSpec::builder().hour("4").minute("30").build());
    let new = CreateScheduleOptions::builder()
        .action(action.clone())
        .spec(spec.clone())
        .overlap_policy(ScheduleOverlapPolicy::Skip)
        .build();
    match client.create_schedule(ids::HOUSEKEEPING, new).await {
        Ok(_) => {}
        Err(error) if code(&error) == Some(Code::AlreadyExists) => {}
        Err(error) => return Err(error),
    }
    let schedule = client.get_schedule_handle(ids::HOUSEKEEPING);
    let change = schedule.update(
        |schedule| {
            schedule.set_action(action).set_spec(spec).set_catchup_window(CATCH_UP);
        },
        RpcOptions::default(),
    );
    match change.await {
        // Another worker was quicker, by a moment.
        Err(error) if code(&error) == Some(Code::FailedPrecondition) => Ok(()),
        changed => changed,
    }
}

fn code(error: &ScheduleError) -> Option<Code> {
    match error {
        ScheduleError::Rpc(status) => Some(status.code()),
        _ => None,
    }
}
