//! Finding steps that are late, and having each told once.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::{Pool, punctuality};
use wolo_domain::punctuality::Lateness;
use wolo_workflows::steps::punctuality::{FindLate, FindLateStep};

/// So many are named in the answer; the rest is counted.
const NAMED: u32 = 100;

pub struct PunctualitySteps {
    pool: Pool,
}

impl PunctualitySteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

#[activities]
impl PunctualitySteps {
    #[activity(definition = FindLateStep)]
    pub async fn find_late(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: FindLate,
    ) -> Result<Lateness, ActivityError> {
        let FindLate { at, rules } = input;
        let late = punctuality::late(&self.pool, at, rules, NAMED).await?;
        if let Some(first) = late.steps.first() {
            tracing::error!(late = late.total, first = first.key(), "steps that were due have not been done");
        }
        punctuality::tell(&self.pool, at, &late).await?;
        Ok(late)
    }
}
