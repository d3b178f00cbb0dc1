//! Ending discrepancies as finance has decided. All of it is one database transaction, with the rules kept there.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::Pool;
use wolo_database::discrepancies::{self, Resolved, Resolving};
use wolo_workflows::steps::discrepancies::{
    Clearing, DiscrepancyAnswer, ResolveDiscrepancy, ResolveDiscrepancyStep,
};

pub struct DiscrepancySteps {
    pool: Pool,
}

impl DiscrepancySteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }
}

#[activities]
impl DiscrepancySteps {
    #[activity(definition = ResolveDiscrepancyStep)]
    pub async fn resolve(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ResolveDiscrepancy,
    ) -> Result<DiscrepancyAnswer, ActivityError> {
        let ResolveDiscrepancy { discrepancy, by, reason, clearing } = input;
        if reason.trim().is_empty() {
            return Ok(refused("a resolution needs a reason"));
        }
        let clearing = match clearing {
            Clearing::Nothing => discrepancies::Clearing::Nothing,
            Clearing::ToFees => discrepancies::Clearing::ToFees,
            Clearing::Against { other } => discrepancies::Clearing::Against(other),
        };
        let resolving = discrepancies::resolve(&self.pool, discrepancy, &by, &reason, clearing).await?;
        Ok(match resolving {
            Resolving::Resolved => DiscrepancyAnswer::Resolved,
            // An earlier attempt of this one that could not say so any more. Whoever decides again is told of the first decision.
            Resolving::Already(Resolved { by: ended_by, why, .. })
                if ctx.info().attempt > 1 && ended_by == by && why == reason =>
            {
                DiscrepancyAnswer::Resolved
            }
            Resolving::Already(Resolved { by, why, .. }) => DiscrepancyAnswer::Already { by, why },
            Resolving::Unknown => refused(&format!("there is no {discrepancy}")),
            Resolving::Refused { why } => DiscrepancyAnswer::Refused { why },
        })
    }
}

fn refused(why: &str) -> DiscrepancyAnswer {
    DiscrepancyAnswer::Refused { why: why.to_owned() }
}
