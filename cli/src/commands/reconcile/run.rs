//! `wolo reconcile run`: the same process that the schedules start, for a day of one's choice.

use anyhow::{Context as _, Result};
use chrono::{NaiveDate, Utc};
use clap::Args;
use wolo_api::rules::refund_patience;
use wolo_control::books::ReconciledDay;
use wolo_domain::dakar;

use crate::commands::{Config, a_day};
use crate::failure::refused;
use crate::output::{self, Fields, Format, Progress, day};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The day in Dakar, as 2026-11-25; without it, today
    #[arg(long, value_name = "DATE", value_parser = a_day)]
    day: Option<NaiveDate>,
    /// Every day that is over and that nobody has compared since, the oldest first
    #[arg(long, conflicts_with = "day")]
    missed: bool,
    #[command(flatten)]
    format: Format,
}

impl Run {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let today = dakar::day_of(Utc::now());
        let asked = self.day.unwrap_or(today);
        if asked > today {
            return Err(refused(format!("{} has not begun", day(asked))));
        }
        let control = system.control().await?;
        let under_way = system.settings.books.under_way_minutes * 60;
        let refund = refund_patience(&system.settings.rules);
        let comparing = Progress::spinning(if self.missed {
            "comparing the days that were missed".to_owned()
        } else {
            format!("comparing {}", day(asked))
        });
        let done = if self.missed {
            control.reconcile_missed(under_way, refund).await
        } else {
            control.reconcile(asked, under_way, refund).await.map(|done| vec![done])
        };
        drop(comparing);
        let done = done.context("the comparison gave no answer")?;
        if self.format.json {
            return if self.missed { output::json(&done) } else { output::json(&done.first()) };
        }
        if done.is_empty() {
            output::say("Every day that is over has been compared.");
        }
        for one in &done {
            output::say(&told(one));
        }
        if done.iter().any(|one| one.opened > 0) {
            output::say("Look at them with `wolo discrepancies list`.");
        }
        if asked == today && !self.missed {
            output::say("The day is not over: what is missing on the statement is told tomorrow.");
        }
        Ok(())
    }
}

fn told(done: &ReconciledDay) -> String {
    let mut fields = Fields::new();
    fields.field("day", day(done.day));
    fields.field("lines", done.lines);
    fields.field("matched", done.matched);
    fields.field("repaired", done.repaired);
    fields.field("fees booked", done.fees_booked);
    fields.field("discrepancies found", done.opened);
    fields.field("discrepancies gone", done.closed);
    fields.text()
}
