//! What starts by itself at its hour and is about nobody's pot.

use anyhow::{Context as _, Result};
use temporalio_client::{WorkflowGetResultOptions, WorkflowStartOptions};
use uuid::Uuid;
use wolo_api::rules;
use wolo_workflows::audit_checkpoint::AuditCheckpoint;
use wolo_workflows::housekeeping::{Housekeeping, Keeping};
use wolo_workflows::punctuality_check::PunctualityCheck;
use wolo_workflows::{ids, queues};

use super::{LONG, Scene};
use crate::stage::comes_about;

impl Scene {
    pub(super) async fn hours(&self) -> Result<()> {
        self.housekeeping().await?;
        self.punctuality().await?;
        self.audit().await
    }

    async fn housekeeping(&self) -> Result<()> {
        let client = self.stage.control.client();
        let id = format!("{}-{}", ids::HOUSEKEEPING, Uuid::new_v4());
        let keeping = Keeping { leftovers_days: 7, ended_sessions_days: 90 };
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
        client.start_workflow(Housekeeping::run, keeping, options).await?;
        let process = client.get_workflow_handle::<Housekeeping>(id);
        let done = comes_about(LONG, async || {
            process.get_result(WorkflowGetResultOptions::default()).await?;
            Ok(Some(()))
        });
        done.await.context("the house was not kept")
    }

    async fn audit(&self) -> Result<()> {
        let client = self.stage.control.client();
        let id = format!("{}-{}", ids::AUDIT_CHECKPOINT, Uuid::new_v4());
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
        client.start_workflow(AuditCheckpoint::run, (), options).await?;
        let process = client.get_workflow_handle::<AuditCheckpoint>(id);
        let sealed = comes_about(LONG, async || {
            process.get_result(WorkflowGetResultOptions::default()).await?;
            Ok(Some(()))
        });
        sealed.await.context("nobody sealed the end of the audit trail")
    }

    async fn punctuality(&self) -> Result<()> {
        let client = self.stage.control.client();
        let id = format!("{}-{}", ids::PUNCTUALITY_CHECK, Uuid::new_v4());
        let punctuality = rules::punctuality(&self.stage.settings.rules);
        let options = WorkflowStartOptions::new(queues::LIFECYCLE, id.clone()).build();
        client.start_workflow(PunctualityCheck::run, punctuality, options).await?;
        let process = client.get_workflow_handle::<PunctualityCheck>(id);
        let looked = comes_about(LONG, async || {
            process.get_result(WorkflowGetResultOptions::default()).await?;
            Ok(Some(()))
        });
        looked.await.context("nobody looked for what is late")
    }
}
