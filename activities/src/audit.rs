//! Sealing how far the audit trail reaches.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Pool, audit};
use wolo_domain::seals::SealingKey;
use wolo_workflows::steps::audit::{SealTheEnd, SealTheEndStep, SealedEnd};

use crate::pots::NoSealingKey;

pub struct AuditSteps {
    pool: Pool,
    sealing: Option<SealingKey>,
}

impl AuditSteps {
    /// Without a key the step is tried again until a worker has one.
    pub fn new(pool: Pool, sealing: Option<SealingKey>) -> Self {
        Self { pool, sealing }
    }
}

#[activities]
impl AuditSteps {
    #[activity(definition = SealTheEndStep)]
    pub async fn seal_the_end(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: SealTheEnd,
    ) -> Result<SealedEnd, ActivityError> {
        let key = self.sealing.as_ref().ok_or(NoSealingKey)?;
        let checkpoint = audit::write_checkpoint(&self.pool, input.at, key).await?;
        let checkpoint = checkpoint.map(|checkpoint| checkpoint.to_string());
        if let Some(checkpoint) = &checkpoint {
            // The log leaves this machine: who cuts the trail off here does not reach it there.
            tracing::info!(checkpoint, "the audit trail reaches so far");
        }
        Ok(SealedEnd { checkpoint })
    }
}
