//! Archiving what ended processes went through, as the engine's index names them.
//!
//! A step that is done again finds what it has archived and does not read it again, so it goes on where it was. The mark moves when
//! its stretch is done, and not before.

mod bare;

use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use futures::TryStreamExt as _;
use prost::Message as _;
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_client::{
    Client, WorkflowExecution, WorkflowFetchHistoryOptions, WorkflowHandle, WorkflowListOptions,
};
use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::payload_visitor::decode_payloads;
use temporalio_common::protos::temporal::api::history::v1::{History as Events, HistoryEvent};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::Pool;
use wolo_database::histories::{self, Ended, History};
use wolo_domain::histories::{FORMAT, Lacks, Stretch};
use wolo_workflows::attributes;
use wolo_workflows::donation::Donation;
use wolo_workflows::steps::histories::{
    ArchiveHistories, ArchiveHistoriesStep, ArchivedRuns, ArchivedStretch,
};

use crate::alive::{go_on, while_doing};

/// Runs of which it is looked at once whether they are archived.
const PAGE: usize = 100;

pub struct HistorySteps {
    pool: Pool,
}

impl HistorySteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    async fn archive_stretch(
        &self,
        ctx: &ActivityContext,
        input: ArchiveHistories,
    ) -> Result<ArchivedStretch, ActivityError> {
        let (client, mut runs) = (ctx.client(), ArchivedRuns::default());
        let stretch = Stretch::after(histories::mark(&self.pool).await?, input.now);
        let found = client.list_workflows(question(stretch), WorkflowListOptions::default());
        let mut pages = found.try_chunks(PAGE);
        while let Some(page) = pages.try_next().await.map_err(|broken| broken.1)? {
            for run in self.unknown(&page).await? {
                go_on(ctx)?;
                self.archive_run(&client, run, input.longest_bytes, &mut runs).await?;
            }
        }
        histories::note(&self.pool, stretch.until).await?;
        let lost = runs.gone + runs.too_long;
        if lost > 0 {
            tracing::warn!(lost, "histories of ended processes could not be archived");
        }
        Ok(ArchivedStretch { until: stretch.until, more: !stretch.last, runs })
    }

    /// Those of a page that are not archived.
    async fn unknown<'a>(
        &self,
        page: &'a [WorkflowExecution],
    ) -> Result<Vec<&'a WorkflowExecution>, ActivityError> {
        let names: Vec<_> = page.iter().map(|run| (run.id(), run.run_id())).collect();
        let known = histories::known(&self.pool, &names).await?;
        Ok(page.iter().filter(|run| !known.contains(run.run_id())).collect())
    }

    async fn archive_run(
        &self,
        client: &Client,
        run: &WorkflowExecution,
        longest: u64,
        runs: &mut ArchivedRuns,
    ) -> Result<(), ActivityError> {
        // The index says in one breath that a run has ended and when; one without an end is for the next time.
        let Some(ended) = ended(run) else { return Ok(()) };
        let too_long = u64::try_from(run.raw().history_size_bytes).is_ok_and(|size| size > longest);
        let history = if too_long { History::Lacks(Lacks::TooLong) } else { written(client, &ended).await? };
        let new = histories::keep(&self.pool, &ended, &history).await?;
        match history {
            History::Written { .. } => runs.archived += u64::from(new),
            History::Lacks(Lacks::Gone) => runs.gone += u64::from(new),
            History::Lacks(Lacks::TooLong) => runs.too_long += u64::from(new),
        }
        Ok(())
    }
}

#[activities]
impl HistorySteps {
    #[activity(definition = ArchiveHistoriesStep)]
    pub async fn archive(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ArchiveHistories,
    ) -> Result<ArchivedStretch, ActivityError> {
        Box::pin(while_doing(&ctx, self.archive_stretch(&ctx, input))).await
    }
}

/// The engine's index, asked for the ends of a stretch of time.
fn question(stretch: Stretch) -> String {
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let from = stretch.from.map(|from| format!(" AND CloseTime >= '{}'", moment(from)));
    let until = (!stretch.last).then(|| format!(" AND CloseTime < '{}'", moment(stretch.until)));
    format!("ExecutionStatus != 'Running'{}{}", from.unwrap_or_default(), until.unwrap_or_default())
}

fn ended(run: &WorkflowExecution) -> Option<Ended> {
    let raw = run.raw();
    let came_to = raw.status().as_str_name().trim_start_matches("WORKFLOW_EXECUTION_STATUS_");
    Some(Ended {
        process: run.id().to_owned(),
        run: run.run_id().to_owned(),
        kind: run.workflow_type().to_owned(),
        came_to: came_to.to_ascii_lowercase(),
        stage: run.search_attributes().get(&attributes::STATUS),
        began_at: moment(raw.start_time.as_ref()),
        ended_at: moment(raw.close_time.as_ref())?,
    })
}

/// The history of a run as it is archived.
async fn written(client: &Client, ended: &Ended) -> Result<History, ActivityError> {
    // The type of the handle does not matter for reading a history.
    let mut info = client.get_workflow_handle::<Donation>(&ended.process).info().clone();
    info.run_id = Some(ended.run.clone());
    let handle: WorkflowHandle<_, Donation> = WorkflowHandle::new(client.clone(), info);
    let events = match handle.fetch_history(WorkflowFetchHistoryOptions::default()).into_events().await {
        Ok(events) => events,
        Err(WorkflowInteractionError::NotFound(_)) => return Ok(History::Lacks(Lacks::Gone)),
        Err(error) => return Err(error.into()),
    };
    let mut bare = Vec::new();
    for event in events {
        bare.extend(bare::bare(&decrypted(client, event).await));
    }
    Ok(History::Written { format: FORMAT, bytes: Events { events: bare }.encode_to_vec() })
}

/// What a wait is for and what a failure says is encrypted like what is carried. What cannot be decrypted is left as it is.
async fn decrypted(client: &Client, event: HistoryEvent) -> HistoryEvent {
    let codec = client.options().data_converter.codec();
    let mut read = event.clone();
    match decode_payloads(&mut read, codec, &SerializationContextData::None).await {
        Ok(()) => read,
        Err(_) => event,
    }
}

/// A moment as the engine's protocol writes it.
fn moment<T: Clone>(time: Option<&T>) -> Option<DateTime<Utc>>
where
    SystemTime: TryFrom<T>,
{
    Some(SystemTime::try_from(time?.clone()).ok()?.into())
}
