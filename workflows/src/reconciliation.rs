//! Comparing one day of Wave's statement with our books.
//!
//! A schedule starts this process every hour for today and once for yesterday, when the day is over; a person can start it for
//! any day. It asks for one step, which walks the statement page by page: what both sides have is matched, a webhook that was
//! lost is repaired, fees are booked as the lines say, and everything else becomes a discrepancy for finance. Only a day that
//! is over can lack something, because a line may come late.
//!
//! Before that it goes on with the gifts that wait and have lost their process, so that nothing waits longer than an hour
//! because somebody ended a process by hand.
//!
//! It refuses to decide by any clock but its own, and to compare what may still be on its way into the books.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_workflow::{WorkflowContext, WorkflowContextView, WorkflowResult};
use wolo_domain::dakar;

use crate::refund::RefundPatience;
use crate::steps::donations::{TakeUp, TakeUpStep};
use crate::steps::statements::{ReconcileDay, ReconcileDayStep, ReconciledDay};
use crate::{patience, waiting};

/// Which day is compared, seen from the moment in which the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "which", rename_all = "snake_case")]
pub enum Which {
    Today,
    Yesterday,
    Day { day: NaiveDate },
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
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<ReconciledDay> {
        let (input, now) = (ctx.state(|this| this.input), waiting::now(ctx));
        ctx.execute_activity(TakeUpStep, input.take_up(now), patience::walk_wave()).await?;
        let day = input.day(ctx.run_id().to_owned(), waiting::now(ctx));
        Ok(ctx.execute_activity(ReconcileDayStep, day, patience::walk_wave()).await?)
    }
}

impl ReconciliationInput {
    fn day(self, run: String, now: DateTime<Utc>) -> ReconcileDay {
        let today = dakar::day_of(now);
        let day = match self.which {
            Which::Today => today,
            Which::Yesterday => dakar::days_before(today, 1),
            Which::Day { day } => day,
        };
        let settled_until = self.settled_until(now);
        ReconcileDay { run, day, whole: day < today, started_at: now, settled_until, refund: self.refund }
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
        let of = |which, now| {
            ReconciliationInput { which, under_way_seconds: 900, refund: RefundPatience::default() }
                .day(String::new(), now)
        };
        let (last, first) = (at("2026-11-25T23:59:59Z"), at("2026-11-26T00:00:00Z"));
        let day = Which::Day { day: "2026-11-25".parse().unwrap() };
        for (which, now, expected, whole) in [
            (Which::Today, last, "2026-11-25", false),
            (Which::Today, first, "2026-11-26", false),
            (Which::Yesterday, last, "2026-11-24", true),
            (Which::Yesterday, first, "2026-11-25", true),
            (day, last, "2026-11-25", false),
            (day, first, "2026-11-25", true),
        ] {
            let asked = of(which, now);
            assert_eq!((asked.day.to_string().as_str(), asked.whole), (expected, whole), "{which:?} {now}");
            assert_eq!(asked.settled_until, now - TimeDelta::minutes(15));
        }
    }
}
