//! Forgetting, once a day, what is of no use any more.
//!
//! Codes that nobody can give back, guesses whose window is over, accounts that were wanted and never proved, and sessions
//! that ended long ago say something about people and serve nobody. A schedule starts this process; it does its step until
//! it has succeeded, and ends. It refuses to know what is old: that comes in with its input, from the settings.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};

use crate::steps::accounts::{ForgetLeftovers, ForgetLeftoversStep, Forgotten};
use crate::{patience, waiting};

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// Codes, guesses and accounts that were wanted, after their time.
    pub leftovers_days: u32,
    /// Sessions, after their end.
    pub ended_sessions_days: u32,
}

#[workflow]
pub struct Housekeeping {
    keeping: Keeping,
}

#[workflow_methods]
impl Housekeeping {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, keeping: Keeping) -> Self {
        Self { keeping }
    }

    #[run(name = "Housekeeping")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Forgotten> {
        let (now, keeping) = (waiting::now(ctx), ctx.state(|this| this.keeping));
        let leftovers = ForgetLeftovers {
            leftovers_before: before(now, keeping.leftovers_days),
            sessions_before: before(now, keeping.ended_sessions_days),
        };
        Ok(ctx.execute_activity(ForgetLeftoversStep, leftovers, patience::own_books()).await?)
    }
}

fn before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    now - TimeDelta::days(days.into())
}
