//! Taking points back that were not earned, by a person's decision.
//!
//! A process of its own keeps who decided and why. It asks for one step, which writes that down with the points. It refuses to give
//! them again: what is taken back by hand stays taken back.

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};

use crate::patience;
use crate::steps::points::{RevokePoints, RevokePointsStep, Revoking};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevocationInput {
    pub revoke: RevokePoints,
}

#[workflow]
pub struct Revocation {
    input: RevocationInput,
}

#[workflow_methods]
impl Revocation {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: RevocationInput) -> Self {
        Self { input }
    }

    #[run(name = "Revocation")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Revoking> {
        let revoke = ctx.state(|this| this.input.revoke.clone());
        Ok(ctx.execute_activity(RevokePointsStep, revoke, patience::own_books()).await?)
    }
}
