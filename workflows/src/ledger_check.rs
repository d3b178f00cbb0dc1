//! Looking whether the books keep their rules, and stopping payouts while they do not.
//!
//! A schedule starts this process every few minutes. It asks for one step, which reads the whole ledger; a rule that does not
//! hold stops all payouts and nothing else, and is told to the log. Nothing is repaired: a person finds out what happened, and
//! then starts this process to let payouts go on, which it refuses as long as any rule is broken.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};

use crate::steps::ledger::{CheckLedger, CheckLedgerStep, LedgerVerdict, ResumePayouts, ResumePayoutsStep};
use crate::{patience, waiting};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LedgerCheckInput {
    /// A person's wish to let payouts go on.
    #[serde(default)]
    pub resume: Option<ResumePayouts>,
    /// After so many days a discrepancy should have been resolved.
    #[serde(default)]
    pub discrepancy_days: Option<u32>,
}

#[workflow]
pub struct LedgerCheck {
    input: LedgerCheckInput,
}

#[workflow_methods]
impl LedgerCheck {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: LedgerCheckInput) -> Self {
        Self { input }
    }

    #[run(name = "LedgerCheck")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<LedgerVerdict> {
        let patience = patience::read_the_ledger();
        let now = waiting::now(ctx);
        let days = ctx.state(|this| this.input.discrepancy_days);
        let overdue_before = days.map(|days| now - TimeDelta::days(days.into()));
        Ok(match ctx.state(|this| this.input.resume.clone()) {
            None => ctx.execute_activity(CheckLedgerStep, CheckLedger { overdue_before }, patience).await?,
            Some(resume) => ctx.execute_activity(ResumePayoutsStep, resume, patience).await?,
        })
    }
}
