//! Where the harness in `torture` can make this worker die: round every step, and round every decision to do one.
//!
//! None of this is in a build without the feature `faultpoints`. With it a worker is also less patient, because what a crash
//! costs is mostly the time until somebody notices: the time limits of steps shrink to seconds, whatever the processes ask
//! for. Points inside a step are where it speaks to Wave (`wolo_providers`).

#![expect(clippy::result_large_err, reason = "what a step comes to has a type of the engine's")]

use std::time::Duration;

use temporalio_sdk::interceptors::{
    ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, Next,
};
use temporalio_sdk::workflow_interceptors::{
    CancellableWorkflowOutboundFuture, ScheduleActivityInput, ScheduleActivityResult, WorkflowInterceptor,
    WorkflowInterceptorConstructor, WorkflowInterceptorContext, WorkflowNext,
};
use temporalio_sdk::{ActivityCloseTimeouts, WorkerOptions};
use wolo_faultpoints::{pass, reach, within};

/// The longest that a step may take here; a worker that died is noticed after it.
const STEP: Duration = Duration::from_secs(4);
/// The longest silence of a step that gives signs of life, of which there is one every two seconds.
const SILENCE: Duration = Duration::from_secs(4);
/// The longest pause between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// How long a process waits for the worker that knows it before another one may have it.
const KNOWN_WORKER: Duration = Duration::from_secs(1);

/// Sets the points of a queue's worker.
pub(crate) fn lay(options: &mut WorkerOptions) {
    options.sticky_queue_schedule_to_start_timeout = KNOWN_WORKER;
    options.activity_inbound_interceptor(RoundSteps);
    options.workflow_interceptor(WorkflowInterceptorConstructor::new(|_| RoundDecisions));
}

struct RoundSteps;

impl ActivityInboundInterceptor for RoundSteps {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        let info = input.activity_info();
        let (step, process) = (info.activity_type.clone(), info.workflow_id.clone().unwrap_or_default());
        Box::pin(within(step, process, async move {
            reach("begun");
            let outcome = next.run(input).await;
            if outcome.is_ok() {
                reach("done");
            }
            outcome
        }))
    }
}

struct RoundDecisions;

impl WorkflowInterceptor for RoundDecisions {
    fn schedule_activity(
        &self,
        ctx: WorkflowInterceptorContext,
        mut input: ScheduleActivityInput,
        next: WorkflowNext<
            'static,
            ScheduleActivityInput,
            CancellableWorkflowOutboundFuture<ScheduleActivityResult>,
        >,
    ) -> CancellableWorkflowOutboundFuture<ScheduleActivityResult> {
        hurry(&mut input);
        let step = input.activity_type().to_owned();
        // A process that only lives through again what it did before passes no point.
        let passed = move |point: &str| {
            if !ctx.is_replaying_history_events() {
                pass(&format!("{step}@{point}"), ctx.workflow_id());
            }
        };
        passed("decided");
        next.run(input).map(move |outcome| {
            passed("heard");
            outcome
        })
    }
}

fn hurry(input: &mut ScheduleActivityInput) {
    let options = input.options_mut();
    match (&mut options.heartbeat_timeout, &mut options.close_timeouts) {
        (Some(silence), _) => *silence = SILENCE.min(*silence),
        (None, ActivityCloseTimeouts::StartToClose(limit)) => *limit = STEP.min(*limit),
        (None, _) => {}
    }
    if let Some(policy) = &mut options.retry_policy {
        policy.set_maximum_interval(Some(BETWEEN_TRIES));
    }
}
