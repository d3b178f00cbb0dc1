//! Ending a discrepancy by finance's decision.
//!
//! A process of its own keeps who decided and why beside what came of it. It asks for one step, which ends the discrepancy and
//! moves the money that stands in suspense for it, both or neither. A decision that cannot be carried out is refused, with the
//! reason in words.

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};

use crate::patience;
use crate::steps::discrepancies::{DiscrepancyAnswer, ResolveDiscrepancy, ResolveDiscrepancyStep};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResolutionInput {
    pub resolve: ResolveDiscrepancy,
}

#[workflow]
pub struct Resolution {
    input: ResolutionInput,
}

#[workflow_methods]
impl Resolution {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: ResolutionInput) -> Self {
        Self { input }
    }

    #[run(name = "Resolution")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<DiscrepancyAnswer> {
        let resolve = ctx.state(|this| this.input.resolve.clone());
        Ok(ctx.execute_activity(ResolveDiscrepancyStep, resolve, patience::own_books()).await?)
    }
}
