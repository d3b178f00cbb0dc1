//! What starts by itself at its hour and is about nobody's pot.

use anyhow::{Context as _, Result};
use chrono::{TimeDelta, Utc};
use temporalio_client::{WorkflowGetResultOptions, WorkflowStartOptions};
use temporalio_common::HasWorkflowDefinition;
use uuid::Uuid;
use wolo_api::rules;
use wolo_database::histories;
use wolo_domain::histories::LAG;
use wolo_domain::retention::Retention;
use wolo_workflows::audit_checkpoint::AuditCheckpoint;
use wolo_workflows::history_archive::{ArchiveInput, HistoryArchive};
use wolo_workflows::housekeeping::Housekeeping;
use wolo_workflows::punctuality_check::PunctualityCheck;
use wolo_workflows::{ids, queues};

use super::{LONG, Scene};
use crate::stage::comes_about;

impl Scene {
    pub(super) async fn hours(&self) -> Result<()> {
        self.comes_to_its_end(Housekeeping::run, Retention::default(), ids::HOUSEKEEPING).await?;
        let punctuality = rules::punctuality(&self.stage.settings);
        self.comes_to_its_end(PunctualityCheck::run, punctuality, ids::PUNCTUALITY_CHECK).await?;
        self.comes_to_its_end(AuditCheckpoint::run, (), ids::AUDIT_CHECKPOINT).await
    }

    pub(super) async fn archived(&self) -> Result<()> {
        // What ended before is more than a thousand processes, which workers that live for seconds do not get through. An archive
        // looks back from the mark for as long as the engine's index may lag, so the mark lies ahead by that.
        let lately = Utc::now() - TimeDelta::minutes(1);
        histories::note(&self.stage.pool, lately + LAG).await?;
        let archive = ArchiveInput::new(self.stage.settings.rules.continue_after_events);
        self.comes_to_its_end(HistoryArchive::run, archive, ids::HISTORY_ARCHIVE).await
    }

    /// Starts the process of a schedule, as its hour would, and waits for what it comes to.
    async fn comes_to_its_end<W>(&self, run: W, input: W::Input, schedule: &str) -> Result<()>
    where
        W: HasWorkflowDefinition,
        W::Input: Send,
    {
        let id = format!("{schedule}-{}", Uuid::new_v4());
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, id).build();
        let process = self.stage.control.client().start_workflow(run, input, options).await?;
        let ended = comes_about(LONG, async || {
            process.get_result(WorkflowGetResultOptions::default()).await?;
            Ok(Some(()))
        });
        ended.await.with_context(|| format!("a process of {schedule} did not come to its end"))
    }
}
