//! Comparing days of Wave's statement with our books.
//!
//! A schedule starts this process every hour for today, and once a day for every day that is over and that nobody has
//! compared since: if no worker was there, or Wave's statement could not be read for some nights, the next run makes up for
//! it, the oldest day first. A night later each day is compared once more, because a line may come late. A person can start
//! it for any day. A day is one step, which walks the statement page by page: what both sides have is matched, a webhook that
//! was lost is repaired, fees are booked as the lines say, and everything else becomes a discrepancy for finance. Only a day
//! that is over can lack something.
//!
//! Before that it goes on with the gifts that wait and have lost their process, so that nothing waits longer than an hour
//! because somebody ended a process by hand.
//!
//! It refuses to decide by any clock but its own, and to compare what may still be on its way into the books.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult, WorkflowTermination};
use wolo_domain::dakar;

use crate::refund::RefundPatience;
use crate::steps::donations::{TakeUp, TakeUpStep};
use crate::steps::statements::{
    FindUncompared, FindUncomparedStep, ReconcileDay, ReconcileDayStep, ReconciledDay,
};
use crate::{patience, waiting};

/// Which days are compared, seen from the moment in which the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum Which {
    Today,
    /// Every day that is over and has not been compared since, or only within a day of its end.
    Missed,
    Day {
        day: NaiveDate,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationInput {
    pub which: Which,
    /// What Wave moved within so many seconds may still be on its way into our books.
    pub under_way_seconds: u32,
    /// How gifts are given back that have no process of their own.
    #[serde(default)]
    pub refund: RefundPatience,
}

#[workflow]
pub struct PaymentReconciliation {
    input: ReconciliationInput,
}

#[workflow_methods]
impl PaymentReconciliation {
    #[init]
    pub fn new(_ctx: &WorkflowContextView, input: ReconciliationInput) -> Self {
        Self { input }
    }

    #[run(name = "PaymentReconciliation")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Vec<ReconciledDay>> {
        let (input, now) = (ctx.state(|this| this.input), waiting::now(ctx));
        ctx.execute_activity(TakeUpStep, input.take_up(now), patience::walk_wave()).await?;
        Ok(match input.which {
            Which::Today => vec![Self::compare(ctx, dakar::day_of(now)).await?],
            Which::Day { day } => vec![Self::compare(ctx, day).await?],
            Which::Missed => Self::compare_what_was_missed(ctx).await?,
        })
    }
}

impl PaymentReconciliation {
    /// Looks again after each day: while Wave's statement could not be read, more days may have ended.
    async fn compare_what_was_missed(
        ctx: &mut WorkflowContext<Self>,
    ) -> Result<Vec<ReconciledDay>, WorkflowTermination> {
        let mut compared = Vec::new();
        loop {
            let find = FindUncompared { before: dakar::day_of(waiting::now(ctx)) };
            let missed = ctx.execute_activity(FindUncomparedStep, find, patience::own_books()).await?;
            let Some(day) = missed else { return Ok(compared) };
            compared.push(Self::compare(ctx, day).await?);
        }
    }

    async fn compare(
        ctx: &mut WorkflowContext<Self>,
        day: NaiveDate,
    ) -> Result<ReconciledDay, WorkflowTermination> {
        let compare = ctx.state(|this| this.input).of(day, ctx.run_id().to_owned(), waiting::now(ctx));
        Ok(ctx.execute_activity(ReconcileDayStep, compare, patience::walk_wave()).await?)
    }
}

impl ReconciliationInput {
    fn of(self, day: NaiveDate, run: String, now: DateTime<Utc>) -> ReconcileDay {
        let settled_until = self.settled_until(now);
        let whole = day < dakar::day_of(now);
        ReconcileDay { run, day, whole, started_at: now, settled_until, refund: self.refund }
    }

    /// The process of a gift wakes soon after the page's end; as late as this it should have settled it.
    fn take_up(self, now: DateTime<Utc>) -> TakeUp {
        TakeUp { over_before: self.settled_until(now), refund: self.refund }
    }

    fn settled_until(self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - TimeDelta::seconds(self.under_way_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole_when_it_is_over_and_not_a_moment_earlier() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let day = "2026-11-25".parse().unwrap();
        let input = ReconciliationInput {
            which: Which::Day { day },
            under_way_seconds: 900,
            refund: RefundPatience::default(),
        };
        for (now, whole) in [(at("2026-11-25T23:59:59Z"), false), (at("2026-11-26T00:00:00Z"), true)] {
            let asked = input.of(day, String::new(), now);
            assert_eq!((asked.day, asked.whole), (day, whole), "{now}");
            assert_eq!(asked.settled_until, now - TimeDelta::minutes(15));
        }
    }
}
