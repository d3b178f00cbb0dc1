//! Looking at the ledger as a whole, and stopping payouts while a rule of it does not hold. Nothing is repaired here.

use std::sync::Arc;

use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::audit::Doer;
use wolo_database::halts::{self, Halting};
use wolo_database::ledger::{self, Violation};
use wolo_database::{Pool, discrepancies};
use wolo_workflows::steps::ledger::{
    CheckLedger, CheckLedgerStep, LedgerVerdict, ResumePayouts, ResumePayoutsStep,
};

use crate::alive::while_doing;

/// So many are named; the rest is counted.
const NAMED: usize = 20;

/// A check that fails as often as this does not end by itself.
const TRIES: u32 = 5;

pub struct LedgerSteps {
    pool: Pool,
}

impl LedgerSteps {
    pub fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Books that cannot be checked are not known to be right: after some tries that is a reason to stop payouts too.
    async fn look(&self, attempt: u32) -> Result<LedgerVerdict, ActivityError> {
        let violations = match ledger::check(&self.pool).await {
            Err(error) if attempt >= TRIES && !error.may_pass() => {
                tracing::error!(%error, attempt, "the books cannot be checked: payouts are stopped");
                halts::halt(&self.pool, &format!("the books cannot be checked: {error}")).await?;
                return Err(error.into());
            }
            checked => checked?,
        };
        if violations.is_empty() {
            let payouts_stopped = halts::standing(&self.pool).await?.is_some();
            return Ok(LedgerVerdict::Sound { payouts_stopped });
        }
        let violations = in_words(&violations);
        let halting = halts::halt(&self.pool, &violations.join("; ")).await?;
        for violation in &violations {
            tracing::error!(violation, "the books break a rule");
        }
        match halting {
            Halting::New => tracing::error!("payouts are stopped until finance lets them go on"),
            Halting::Already => tracing::error!("payouts are stopped still"),
        }
        Ok(LedgerVerdict::Broken { violations })
    }
}

fn in_words(violations: &[Violation]) -> Vec<String> {
    let mut words: Vec<String> = violations.iter().take(NAMED).map(Violation::to_string).collect();
    if violations.len() > NAMED {
        words.push(format!("and {} more", violations.len() - NAMED));
    }
    words
}

#[activities]
impl LedgerSteps {
    #[activity(definition = CheckLedgerStep)]
    pub async fn check(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: CheckLedger,
    ) -> Result<LedgerVerdict, ActivityError> {
        if let Some(before) = input.overdue_before {
            let overdue = discrepancies::open_since_before(&self.pool, before).await?;
            if overdue > 0 {
                tracing::error!(overdue, found_before = %before, "discrepancies wait for finance longer than they may");
            }
        }
        while_doing(&ctx, self.look(ctx.info().attempt)).await
    }

    #[activity(definition = ResumePayoutsStep)]
    pub async fn resume(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ResumePayouts,
    ) -> Result<LedgerVerdict, ActivityError> {
        let verdict = while_doing(&ctx, self.look(ctx.info().attempt)).await?;
        if matches!(verdict, LedgerVerdict::Broken { .. }) {
            return Ok(verdict);
        }
        if halts::lift(&self.pool, Doer::new(&input.by, &input.reason)).await? {
            tracing::warn!("payouts go on");
        }
        Ok(LedgerVerdict::Resumed)
    }
}
