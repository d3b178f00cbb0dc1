//! Sealing how far the audit trail reaches.
//!
//! Who can write in the database can cut off the end of the trail, and nothing in it tells. A schedule starts this process every
//! hour. It asks for one step, which seals the trail's end as one line of text; that stands in this process's result and in the
//! worker's log, and so in places that whoever cut the trail cannot reach.
//!
//! It refuses to judge the trail: `wolo audit verify` does, which believes nothing but keys and such lines.

use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowResult};

use crate::steps::audit::{SealTheEnd, SealTheEndStep, SealedEnd};
use crate::{patience, waiting};

#[workflow]
#[derive(Default)]
pub struct AuditCheckpoint;

#[workflow_methods]
impl AuditCheckpoint {
    #[run(name = "AuditCheckpoint")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<SealedEnd> {
        let seal = SealTheEnd { at: waiting::now(ctx) };
        Ok(ctx.execute_activity(SealTheEndStep, seal, patience::own_books()).await?)
    }
}
