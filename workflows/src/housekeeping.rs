//! Forgetting, once a day, what is of no use any more.
//!
//! Codes that nobody can give back, guesses whose window is over, accounts that were wanted and never proved, sessions that ended
//! long ago, answers that nobody repeats, the words of providers that were dealt with, what visitors did years ago and what processes went through serve nobody, and most
//! of it says something about people. A schedule starts this process; it does its steps until they have succeeded, and ends. What is older than its rule and
//! cannot be deleted it counts. It refuses to know what is old: that comes in with its input, from the settings.

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};
use wolo_domain::retention::{Retention, days_ago, years_ago};

use crate::steps::accounts::{ForgetLeftovers, ForgetLeftoversStep, Forgotten};
use crate::steps::retention::{KeepRetention, KeepRetentionStep, Retained};
use crate::{patience, waiting};

/// What came of a night.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Housekept {
    pub leftovers: Forgotten,
    pub retained: Retained,
}

#[workflow]
pub struct Housekeeping {
    retention: Retention,
}

#[workflow_methods]
impl Housekeeping {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, retention: Retention) -> Self {
        Self { retention }
    }

    #[run(name = "Housekeeping")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Housekept> {
        let (now, rules) = (waiting::now(ctx), ctx.state(|this| this.retention));
        let leftovers = ForgetLeftovers {
            leftovers_before: days_ago(now, rules.leftovers_days),
            sessions_before: days_ago(now, rules.ended_sessions_days),
        };
        let leftovers = ctx.execute_activity(ForgetLeftoversStep, leftovers, patience::own_books()).await?;
        let keep = KeepRetention {
            answers_before: days_ago(now, rules.answers_days),
            hearsay_before: days_ago(now, rules.hearsay_days),
            audit_before: years_ago(now, rules.audit_years),
            books_before: years_ago(now, rules.books_years),
            visits_before: Some(years_ago(now, rules.visits_years)),
            histories_before: Some(years_ago(now, rules.histories_years)),
        };
        let retained = ctx.execute_activity(KeepRetentionStep, keep, patience::own_books()).await?;
        Ok(Housekept { leftovers, retained })
    }
}
