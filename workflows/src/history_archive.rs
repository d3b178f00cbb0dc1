//! Keeping what ended processes went through, before the engine forgets it.
//!
//! The engine remembers a process for as long as its namespace says after its end (a day on a machine of one's own, thirty days in
//! production). A schedule starts this process every hour. It asks for a step that archives what ended since the last time; when
//! hours or days were missed, the oldest stretch of time first, each in a step of its own, until it has come to now. A run that is
//! archived is not read again, whatever is looked at twice. What cannot be read is noted as lacking, counted and told, and keeps
//! nothing else from being archived.
//!
//! It refuses to archive what processes carried: that is for as long as the engine keeps it, and erasing must find it nowhere else.

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{
    ContinueAsNewOptions, WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination,
};

use crate::steps::histories::{ArchiveHistories, ArchiveHistoriesStep, ArchivedRuns};
use crate::{patience, waiting};

/// More than the engine lets any history grow to.
const LONGEST_BYTES: u64 = 64 * 1024 * 1024;

/// What the process is started with, and carries on with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ArchiveInput {
    pub longest_bytes: u64,
    /// A run with more events than this carries its state into a new one.
    pub continue_after_events: u32,
    /// What the runs before this one have done.
    #[serde(default)]
    pub carried: ArchivedRuns,
}

impl ArchiveInput {
    pub fn new(continue_after_events: u32) -> Self {
        Self { longest_bytes: LONGEST_BYTES, continue_after_events, carried: ArchivedRuns::default() }
    }
}

#[workflow]
pub struct HistoryArchive {
    input: ArchiveInput,
}

#[workflow_methods]
impl HistoryArchive {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: ArchiveInput) -> Self {
        Self { input }
    }

    #[run(name = "HistoryArchive")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<ArchivedRuns> {
        while Self::archive_a_stretch(ctx).await? {
            Self::carry_on_if_long(ctx)?;
        }
        Ok(ctx.state(|archive| archive.input.carried))
    }

    /// Archives what ended in one stretch of time, and says whether there is another.
    async fn archive_a_stretch(ctx: &mut WorkflowContext<Self>) -> Result<bool, WorkflowTermination> {
        let longest_bytes = ctx.state(|archive| archive.input.longest_bytes);
        let archive = ArchiveHistories { now: waiting::now(ctx), longest_bytes };
        let stretch =
            ctx.execute_activity(ArchiveHistoriesStep, archive, patience::walk_the_engine()).await?;
        ctx.state_mut(|archive| {
            let all = &mut archive.input.carried;
            all.archived += stretch.runs.archived;
            all.gone += stretch.runs.gone;
            all.too_long += stretch.runs.too_long;
        });
        Ok(stretch.more)
    }

    fn carry_on_if_long(ctx: &WorkflowContext<Self>) -> Result<(), WorkflowTermination> {
        let most = ctx.state(|archive| archive.input.continue_after_events);
        if ctx.history_length() <= most && !ctx.continue_as_new_suggested() {
            return Ok(());
        }
        let input = ctx.state(|archive| archive.input);
        ctx.continue_as_new(input, ContinueAsNewOptions::default()).map(|never| match never {})
    }
}
