//! The schedules, which start processes at their hours. They belong to the server; each worker that starts makes them what its
//! settings say. Whether one is paused is the operator's decision, and stays.

use std::time::Duration;

use temporalio_client::schedules::{
    CreateScheduleOptions, ScheduleAction, ScheduleCalendarSpec, ScheduleError, ScheduleOverlapPolicy,
    ScheduleSpec,
};
use temporalio_client::tonic::Code;
use temporalio_client::{Client, RpcOptions};
use wolo_bootstrap::Settings;
use wolo_workflows::audit_checkpoint::AuditCheckpoint;
use wolo_workflows::birthday_sweep::{BirthdaySweep, SweepInput};
use wolo_workflows::history_archive::{ArchiveInput, HistoryArchive};
use wolo_workflows::housekeeping::Housekeeping;
use wolo_workflows::ledger_check::{LedgerCheck, LedgerCheckInput};
use wolo_workflows::punctuality_check::PunctualityCheck;
use wolo_workflows::reconciliation::{PaymentReconciliation, ReconciliationInput, Which};
use wolo_workflows::{ids, queues};

use crate::rules;

/// A time of day that nobody was there for is made up for within a day; once is enough.
const WITHIN_A_DAY: Duration = Duration::from_hours(24);
/// What comes again soon is not made up for.
const SOON_AGAIN: Duration = Duration::from_mins(10);

/// What is started when. Of one that is running still no second is started.
struct Schedule {
    id: &'static str,
    action: ScheduleAction,
    spec: ScheduleSpec,
    /// How late is better than never.
    catch_up: Duration,
}

pub(crate) async fn ensure(client: &Client, settings: &Settings) -> Result<(), ScheduleError> {
    for schedule in schedules(settings) {
        schedule.ensure(client).await?;
    }
    Ok(())
}

/// All times are Dakar's, which are the engine's.
fn schedules(settings: &Settings) -> Vec<Schedule> {
    let (books, numbers) = (&settings.books, &settings.rules);
    let refund = rules::refund_patience(numbers);
    let sweeping = SweepInput::new(None, rules::birthday_pots(numbers));
    let reconciling = |id, which| {
        let input = ReconciliationInput { which, under_way_seconds: books.under_way_minutes * 60, refund };
        ScheduleAction::start_workflow(PaymentReconciliation::run, input, queues::MONEY, id)
    };
    let checking = LedgerCheckInput { discrepancy_days: Some(books.discrepancy_days), ..Default::default() };
    vec![
        Schedule {
            id: ids::HOUSEKEEPING,
            action: ScheduleAction::start_workflow(
                Housekeeping::run,
                rules::retention(settings),
                queues::LIFECYCLE,
                ids::HOUSEKEEPING,
            ),
            // In the small hours.
            spec: daily(4, 30),
            catch_up: WITHIN_A_DAY,
        },
        Schedule {
            id: ids::BIRTHDAY_SWEEP,
            action: ScheduleAction::start_workflow(
                BirthdaySweep::run,
                sweeping,
                queues::LIFECYCLE,
                ids::BIRTHDAY_SWEEP,
            ),
            spec: daily(numbers.sweep_hour_dakar, 0),
            catch_up: WITHIN_A_DAY,
        },
        Schedule {
            id: ids::HISTORY_ARCHIVE,
            action: ScheduleAction::start_workflow(
                HistoryArchive::run,
                ArchiveInput::new(numbers.continue_after_events),
                queues::LIFECYCLE,
                ids::HISTORY_ARCHIVE,
            ),
            spec: hourly(20),
            // What was missed is archived by the next one: it begins where the last one has ended.
            catch_up: SOON_AGAIN,
        },
        Schedule {
            id: ids::AUDIT_CHECKPOINT,
            action: ScheduleAction::start_workflow(
                AuditCheckpoint::run,
                (),
                queues::LIFECYCLE,
                ids::AUDIT_CHECKPOINT,
            ),
            spec: hourly(50),
            catch_up: SOON_AGAIN,
        },
        Schedule {
            id: ids::PUNCTUALITY_CHECK,
            action: ScheduleAction::start_workflow(
                PunctualityCheck::run,
                rules::punctuality(settings),
                queues::LIFECYCLE,
                ids::PUNCTUALITY_CHECK,
            ),
            // When what fell due with the hour has had its time.
            spec: hourly(40),
            catch_up: SOON_AGAIN,
        },
        Schedule {
            id: ids::RECONCILE_TODAY,
            action: reconciling(ids::RECONCILE_TODAY, Which::Today),
            spec: hourly(books.reconcile_today_at_minute),
            catch_up: SOON_AGAIN,
        },
        Schedule {
            id: ids::RECONCILE_YESTERDAY,
            action: reconciling(ids::RECONCILE_YESTERDAY, Which::Missed),
            spec: daily(books.reconcile_yesterday_at_hour, 20),
            catch_up: WITHIN_A_DAY,
        },
        Schedule {
            id: ids::LEDGER_CHECK,
            action: ScheduleAction::start_workflow(
                LedgerCheck::run,
                checking,
                queues::MONEY,
                ids::LEDGER_CHECK,
            ),
            spec: ScheduleSpec::from_interval(Duration::from_mins(books.check_every_minutes.into())),
            catch_up: SOON_AGAIN,
        },
    ]
}

fn daily(hour: u32, minute: u32) -> ScheduleSpec {
    let calendar = ScheduleCalendarSpec::builder().hour(hour.to_string()).minute(minute.to_string());
    ScheduleSpec::from_calendar(calendar.build())
}

fn hourly(minute: u32) -> ScheduleSpec {
    let calendar = ScheduleCalendarSpec::builder().hour("*").minute(minute.to_string());
    ScheduleSpec::from_calendar(calendar.build())
}

impl Schedule {
    /// Makes the schedule, or makes it what it should be.
    async fn ensure(self, client: &Client) -> Result<(), ScheduleError> {
        let Self { id, action, spec, catch_up } = self;
        let new = CreateScheduleOptions::builder()
            .action(action.clone())
            .spec(spec.clone())
            .overlap_policy(ScheduleOverlapPolicy::Skip)
            .build();
        match client.create_schedule(id, new).await {
            Ok(_) => {}
            Err(error) if code(&error) == Some(Code::AlreadyExists) => {}
            Err(error) => return Err(error),
        }
        let schedule = client.get_schedule_handle(id);
        let change = schedule.update(
            move |schedule| {
                let overlap = ScheduleOverlapPolicy::Skip;
                schedule
                    .set_action(action)
                    .set_spec(spec)
                    .set_overlap_policy(overlap)
                    .set_catchup_window(catch_up);
            },
            RpcOptions::default(),
        );
        match change.await {
            // Another worker was quicker, by a moment.
            Err(error) if code(&error) == Some(Code::FailedPrecondition) => Ok(()),
            changed => changed,
        }
    }
}

fn code(error: &ScheduleError) -> Option<Code> {
    match error {
        ScheduleError::Rpc(status) => Some(status.code()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wolo_bootstrap::settings::Layers;

    use super::*;

    #[test]
    fn every_schedule_is_one_that_operators_are_told_of() {
        let settings = Layers::new().read().expect("the defaults are sound");
        let made: BTreeSet<_> = schedules(&settings).into_iter().map(|schedule| schedule.id).collect();
        assert_eq!(made, BTreeSet::from(ids::SCHEDULES));
    }
}
