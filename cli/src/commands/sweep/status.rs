//! `wolo sweep status`.

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use serde::Serialize;
use wolo_database::birthdays::{self, Sweep};
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

/// What is known of the sweeps, for programs.
#[derive(Debug, Serialize)]
struct Known {
    days: Vec<Told>,
    /// Days whose pots have not been made; today is one until its hour has come.
    unswept: Vec<NaiveDate>,
}

#[derive(Debug, Serialize)]
struct Told {
    day: NaiveDate,
    birthday: NaiveDate,
    celebrants: i64,
    started: i64,
    ended_at: DateTime<Utc>,
}

impl From<Sweep> for Told {
    fn from(Sweep { day, birthday, celebrants, started, ended_at }: Sweep) -> Self {
        Self { day, birthday, celebrants, started, ended_at }
    }
}

impl Status {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let days: Vec<_> =
            birthdays::last(&pool, self.last.days).await?.into_iter().map(Told::from).collect();
        let today = dakar::day_of(Utc::now());
        let unswept = birthdays::unswept(&pool, today, system.settings.rules.opens_days_before).await?;
        if self.format.json {
            return output::json(&Known { days, unswept });
        }
        let mut listing =
            Listing::new(["DAY", "BIRTHDAY", "WITHOUT A POT", "BEGUN", "SWEPT"]).right(2).right(3);
        for one in days {
            listing.row([
                day(one.day),
                day(one.birthday),
                one.celebrants.to_string(),
                one.started.to_string(),
                instant(one.ended_at),
            ]);
        }
        output::say(&if listing.is_empty() {
            "Nothing has been swept yet.".to_owned()
        } else {
            listing.text()
        });
        if !unswept.is_empty() {
            let named: Vec<_> = unswept.into_iter().map(day).collect();
            output::say(&format!(
                "Not swept: {}. The schedule does it at {:02}:00; `wolo sweep run` does it now.",
                named.join(", "),
                system.settings.rules.sweep_hour_dakar
            ));
        }
        Ok(())
    }
}
