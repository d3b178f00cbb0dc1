//! The least that a process of a gift's shape can cost on this engine: the yardstick for ours.
//!
//! The same messages and the same number of steps, through the same encryption, and nothing in the steps: an
//! update-with-start that waits for the first, a signal that races a timer of thirty minutes, and the second, which
//! writes into a file that the gift is known, so that nobody has to ask the engine.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use temporalio_client::{
    Client, WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowSignalOptions,
    WorkflowUpdateWithStartOptions,
};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::runtime::RuntimeOptions;
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use temporalio_workflow::{
    ActivityOptions, SyncWorkflowContext, TimerOptions, WorkflowContext, WorkflowContextView, WorkflowResult,
    select,
};
use wolo_bootstrap::{Settings, Shutdown, temporal};

use super::board::Board;

pub(super) const QUEUE: &str = "bench-bare";
const HALF_AN_HOUR: Duration = Duration::from_mins(30);
const GRACE: Duration = Duration::from_secs(2);

#[workflow]
pub(crate) struct BareGift {
    name: String,
    opened: bool,
    paid: bool,
}

#[workflow_methods]
impl BareGift {
    #[init]
    pub(crate) fn new(_ctx: &WorkflowContextView, name: String) -> Self {
        Self { name, opened: false, paid: false }
    }

    #[run(name = "BareGift")]
    pub(crate) async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<()> {
        let name = ctx.state(|gift| gift.name.clone());
        ctx.execute_activity(BareSteps::first, name.clone(), step()).await?;
        ctx.state_mut(|gift| gift.opened = true);
        let timer = TimerOptions::builder(HALF_AN_HOUR).build();
        select! {
            paid = ctx.wait_condition(|gift: &Self| gift.paid) => paid?,
            _fired = ctx.timer(timer) => {},
        }
        ctx.execute_activity(BareSteps::second, name, step()).await?;
        Ok(())
    }

    #[update(name = "open")]
    pub(crate) async fn open(ctx: &mut WorkflowContext<Self>) -> String {
        let waiting = ctx.clone();
        // A cancelled process answers nobody.
        let _ = waiting.wait_condition(|gift| gift.opened).await;
        ctx.state(|gift| gift.name.clone())
    }

    #[signal(name = "paid")]
    pub(crate) fn paid(&mut self, _ctx: &mut SyncWorkflowContext<Self>) {
        self.paid = true;
    }
}

fn step() -> ActivityOptions {
    ActivityOptions::with_start_to_close_timeout(Duration::from_secs(40)).build()
}

pub(crate) struct BareSteps {
    record: Mutex<File>,
}

#[expect(clippy::unused_async, reason = "a step that does nothing waits for nothing")]
#[activities]
impl BareSteps {
    #[activity(name = "bare.first")]
    pub(crate) async fn first(_ctx: ActivityContext, name: String) -> Result<String, ActivityError> {
        Ok(name)
    }

    #[activity(name = "bare.second")]
    pub(crate) async fn second(
        self: Arc<Self>,
        _ctx: ActivityContext,
        name: String,
    ) -> Result<String, ActivityError> {
        let line = format!("{name} {}\n", Utc::now().timestamp_micros());
        if let Ok(mut record) = self.record.lock() {
            record.write_all(line.as_bytes())?;
        }
        Ok(name)
    }
}

/// The bare worker, until the end begins.
pub(crate) async fn serve(settings: Settings, shutdown: Shutdown, record: PathBuf) -> Result<()> {
    let file =
        OpenOptions::new().create(true).append(true).open(&record).context("the record cannot be written")?;
    let client = temporal::connect(&settings.temporal).await?;
    let runtime = Runtime::from_current_tokio(RuntimeOptions::default())?;
    let options = WorkerOptions::new(QUEUE)
        .graceful_shutdown_period(GRACE)
        .register_workflow::<BareGift>()?
        .register_activities(BareSteps { record: Mutex::new(file) })
        .build();
    let mut worker = Worker::new(&runtime, client, options)?;
    let stop = worker.shutdown_handle();
    tokio::spawn(async move {
        shutdown.begun().await;
        stop();
    });
    worker.run().await.context("the bare worker stopped")
}

/// Asks, pays, and waits until it is known. Answers when it was.
pub(super) async fn give(client: &Client, board: &Board, name: &str) -> Result<DateTime<Utc>> {
    let options = WorkflowUpdateWithStartOptions::new(
        QUEUE,
        format!("bare/{name}"),
        WorkflowIdConflictPolicy::UseExisting,
    )
    .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
    .update_id("open".to_owned())
    .build();
    client
        .execute_update_with_start_workflow(BareGift::run, name.to_owned(), BareGift::open, (), options)
        .await
        .context("a bare process did not open")?;
    let handle = client.get_workflow_handle::<BareGift>(format!("bare/{name}"));
    handle
        .signal(BareGift::paid, (), WorkflowSignalOptions::default())
        .await
        .context("a bare process did not hear")?;
    board.wait_for(name).await
}

/// Reads the record as it grows and writes it on the board.
pub(super) async fn watch(record: &Path, board: &Board) -> Result<()> {
    let mut looks = tokio::time::interval(super::LOOK);
    let mut read = 0;
    loop {
        looks.tick().await;
        let Ok(text) = tokio::fs::read_to_string(record).await else { continue };
        // A line may be half written.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        board.write(text[read..whole].lines().filter_map(|line| {
            let (name, at) = line.split_once(' ')?;
            Some((name.to_owned(), DateTime::from_timestamp_micros(at.parse().ok()?)?))
        }));
        read = whole;
    }
}
