//! Looking for steps that were due and have not been done.
//!
//! A process that was ended, or a worker that is stuck, does nothing and says nothing. A schedule starts this process every hour.
//! It asks for one step, which finds days that nobody has swept, and pots that should have opened, closed or begun to pay out,
//! where nothing holds them up; each is told once to those who work here. A sweep notes its day even when nobody celebrates, so a day
//! without its note tells that no sweep lives.
//!
//! It refuses to do what is late: what keeps a step from being done would keep this process from it, and a person finds out what
//! that is. When nothing at all runs, `wolo doctor` says so, which needs no worker.

use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};
use wolo_domain::punctuality::{Lateness, Punctuality};

use crate::steps::punctuality::{FindLate, FindLateStep};
use crate::{patience, waiting};

#[workflow]
pub struct PunctualityCheck {
    rules: Punctuality,
}

#[workflow_methods]
impl PunctualityCheck {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, rules: Punctuality) -> Self {
        Self { rules }
    }

    #[run(name = "PunctualityCheck")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Lateness> {
        let find = FindLate { at: waiting::now(ctx), rules: ctx.state(|check| check.rules) };
        Ok(ctx.execute_activity(FindLateStep, find, patience::own_books()).await?)
    }
}
