//! `wolo reconcile status`.

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use serde::Serialize;
use wolo_database::reconciliation::{self, Run};
use wolo_domain::dakar;

use crate::commands::{Config, LastDays};
use crate::output::{self, Format, Listing, day, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    last: LastDays,
    #[command(flatten)]
    format: Format,
}

/// What is known of the comparisons, for programs.
#[derive(Debug, Serialize)]
struct Compared {
    days: Vec<Told>,
    /// Days that nobody has compared since they were over.
    uncompared: Vec<NaiveDate>,
}

/// What the last comparison of a day came to.
#[derive(Debug, Serialize)]
struct Told {
    day: NaiveDate,
    /// It was over, so that what was missing could be told.
    whole: bool,
    compared_at: DateTime<Utc>,
    lines: i64,
    matched: i64,
    repaired: i64,
    fees_booked: i64,
    opened: i64,
    closed: i64,
}

impl From<(Run, DateTime<Utc>)> for Told {
    fn from((run, compared_at): (Run, DateTime<Utc>)) -> Self {
        let Run { day, whole, lines, matched, repaired, fees_booked, opened, closed, .. } = run;
        Self { day, whole, compared_at, lines, matched, repaired, fees_booked, opened, closed }
    }
}

impl Status {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let days = reconciliation::last_runs(&pool, self.last.days).await?;
        let days: Vec<Told> = days.into_iter().map(Told::from).collect();
        let uncompared = reconciliation::uncompared(&pool, dakar::day_of(Utc::now())).await?;
        if self.format.json {
            return output::json(&Compared { days, uncompared });
        }
        let mut listing = Listing::new([
            "DAY", "COMPARED", "WHOLE", "LINES", "MATCHED", "REPAIRED", "FEES", "FOUND", "GONE",
        ]);
        for column in 3..9 {
            listing = listing.right(column);
        }
        for one in days {
            listing.row([
                day(one.day),
                instant(one.compared_at),
                if one.whole { "yes" } else { "no" }.to_owned(),
                one.lines.to_string(),
                one.matched.to_string(),
                one.repaired.to_string(),
                one.fees_booked.to_string(),
                one.opened.to_string(),
                one.closed.to_string(),
            ]);
        }
        output::say(&if listing.is_empty() {
            "Nothing has been compared yet.".to_owned()
        } else {
            listing.text()
        });
        if !uncompared.is_empty() {
            let named: Vec<_> = uncompared.into_iter().map(day).collect();
            output::say(&format!(
                "Not compared since they were over: {}. `wolo reconcile run --missed` does it now.",
                named.join(", ")
            ));
        }
        Ok(())
    }
}
