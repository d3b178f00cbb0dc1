//! Looking: the index names suspects, and each is looked at.

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use temporalio_client::tonic::IntoRequest as _;
use temporalio_client::{NamespacedClient as _, WorkflowCountOptions, WorkflowListOptions};
use temporalio_common::protos::temporal::api::common::v1::WorkflowExecution;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse,
};
use temporalio_common::search_attributes::SearchAttributes;
use wolo_domain::pots::HoldReason;
use wolo_workflows::attributes;

use super::{Look, Standstill, Stuck, Why, helping};
use crate::{AskError, Control, moment};

/// Looked at together.
const AT_ONCE: usize = 32;
/// A process whose time has come needs a moment to do what is due.
const GRACE: TimeDelta = TimeDelta::minutes(5);
/// Set by the engine at a process whose tasks have failed several times in a row.
const REPORTED: &str = "TemporalReportedProblems";

impl Look<'_> {
    /// All that run, those that the index suspects, and then the others: those that wait for no day first, because a step is
    /// tried again rather there.
    fn questions(&self) -> [String; 4] {
        // What cannot be the name of a queue is none's.
        let of_queue =
            self.queue.map(|queue| format!(" AND TaskQueue = '{}'", queue.replace(['\'', '\\'], "")));
        let running = format!("ExecutionStatus = 'Running'{}", of_queue.unwrap_or_default());
        let past = (self.now - GRACE).to_rfc3339_opts(SecondsFormat::Secs, true);
        let held: Vec<_> = HoldReason::ALL.iter().map(|reason| format!("'{reason}'")).collect();
        let suspects = format!(
            "{running} AND ({REPORTED} IS NOT NULL OR NeedsHuman = true OR DueAt < '{past}' OR WoloStatus IN ({}))",
            held.join(", ")
        );
        let (undated, dated) =
            (format!("{running} AND DueAt IS NULL"), format!("{running} AND DueAt >= '{past}'"));
        [running, suspects, undated, dated]
    }
}

impl Control {
    /// What does not go on by itself, as far as the engine knows. Its index may lag behind by a moment.
    pub async fn stuck(&self, look: Look<'_>) -> Result<Standstill, AskError> {
        let [running, suspects, undated, dated] = look.questions();
        let count = self.client.count_workflows(running, WorkflowCountOptions::default()).await?.count();
        let mut names = HashSet::new();
        for question in [suspects, undated, dated] {
            let left = look.at_most.saturating_sub(names.len());
            let options = WorkflowListOptions::builder().limit(left).build();
            let mut found = self.client.list_workflows(question, options);
            while let Some(process) = found.try_next().await? {
                names.insert(process.id().to_owned());
            }
        }
        let looked_at = names.len();
        let stuck = stream::iter(names)
            .map(|name| self.look_at(name, look.now))
            .buffer_unordered(AT_ONCE)
            .try_filter_map(async |found| Ok(found))
            .try_collect()
            .await?;
        let mut found = Standstill { stuck, running: count.max(looked_at), looked_at };
        found.order();
        Ok(found)
    }

    /// A process as the engine knows it, without what it carries.
    pub(crate) async fn describe(
        &self,
        process: &str,
    ) -> Result<DescribeWorkflowExecutionResponse, AskError> {
        let execution = WorkflowExecution { workflow_id: process.to_owned(), run_id: String::new() };
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.client.namespace(),
            execution: Some(execution),
        };
        let mut service = self.client.connection().workflow_service();
        Ok(service.describe_workflow_execution(request.into_request()).await?.into_inner())
    }

    /// One process: what is wrong with it, if anything is.
    pub(crate) async fn look_at(
        &self,
        process: String,
        now: DateTime<Utc>,
    ) -> Result<Option<Stuck>, AskError> {
        let seen = match self.describe(&process).await {
            Ok(seen) => seen,
            // It has ended and is forgotten since it was named.
            Err(AskError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(trouble) = Trouble::of(&seen, now) else { return Ok(None) };
        self.told_of(process, &seen, trouble).await.map(Some)
    }

    async fn told_of(
        &self,
        process: String,
        seen: &DescribeWorkflowExecutionResponse,
        trouble: Trouble<'_>,
    ) -> Result<Stuck, AskError> {
        let run = seen.workflow_execution_info.as_ref().and_then(|info| info.execution.as_ref());
        let past = self.past(&process, run.map_or("", |run| run.run_id.as_str())).await?;
        let status = status(&attributes_of(seen));
        let why = trouble.why();
        let (mut attempts, mut next_try, mut last_error) = (None, None, None);
        let since = match trouble {
            Trouble::Fails { attempt } => {
                attempts = u32::try_from(attempt).ok().filter(|tries| *tries > 0);
                let failed = past.failed_task();
                let since = failed.as_ref().and_then(|failed| failed.at);
                last_error = self.stumble(failed).await;
                since
            }
            Trouble::Retries(step) => {
                attempts = u32::try_from(step.attempt).ok();
                next_try = moment(step.next_attempt_schedule_time.as_ref());
                if let Some(failure) = step.last_failure.clone() {
                    last_error = Some(self.fault(failure).await);
                }
                past.asked_for(&step.activity_id).or_else(|| moment(step.scheduled_time.as_ref()))
            }
            Trouble::NeedsHuman | Trouble::Held(_) => past.said_so(),
            Trouble::Overdue(due) => Some(due),
        };
        let kind = last_error.as_ref().and_then(|fault| fault.kind.as_deref());
        let help = helping::command(&process, why, &status, kind);
        let (waits_for, owner) = (helping::words(&process, &trouble, &status), helping::owner(&process, why));
        Ok(Stuck { process, why, waits_for, since, attempts, next_try, last_error, owner, help })
    }
}

/// What is wrong with a process that runs.
pub(super) enum Trouble<'a> {
    Fails { attempt: i32 },
    Retries(&'a PendingActivityInfo),
    NeedsHuman,
    Held(HoldReason),
    Overdue(DateTime<Utc>),
}

impl<'a> Trouble<'a> {
    fn of(seen: &'a DescribeWorkflowExecutionResponse, now: DateTime<Utc>) -> Option<Self> {
        let info = seen.workflow_execution_info.as_ref()?;
        if info.status() != WorkflowExecutionStatus::Running {
            return None;
        }
        let said = attributes_of(seen);
        let attempt = seen.pending_workflow_task.as_ref().map_or(0, |task| task.attempt);
        if attempt > 1 || said.raw_payload(REPORTED).is_some() {
            return Some(Self::Fails { attempt });
        }
        // The step that was tried most often says most.
        let again = |step: &&PendingActivityInfo| step.attempt > 1 && step.last_failure.is_some();
        if let Some(step) = seen.pending_activities.iter().filter(again).max_by_key(|step| step.attempt) {
            return Some(Self::Retries(step));
        }
        if said.get(&attributes::NEEDS_HUMAN) == Some(true) {
            return Some(Self::NeedsHuman);
        }
        if let Ok(reason) = status(&said).parse() {
            return Some(Self::Held(reason));
        }
        let due = said.get(&attributes::DUE_AT)?;
        let due = DateTime::from_timestamp(due.seconds(), due.nanos().try_into().ok()?)?;
        (due < now - GRACE).then_some(Self::Overdue(due))
    }

    const fn why(&self) -> Why {
        match self {
            Self::Fails { .. } => Why::Fails,
            Self::Retries(_) => Why::Retries,
            Self::NeedsHuman => Why::NeedsHuman,
            Self::Held(_) => Why::Held,
            Self::Overdue(_) => Why::Overdue,
        }
    }
}

fn attributes_of(seen: &DescribeWorkflowExecutionResponse) -> SearchAttributes {
    let info = seen.workflow_execution_info.as_ref();
    let said = info.and_then(|info| info.search_attributes.as_ref());
    said.map(SearchAttributes::from_proto).unwrap_or_default()
}

fn status(said: &SearchAttributes) -> String {
    said.get(&attributes::STATUS).unwrap_or_default()
}
