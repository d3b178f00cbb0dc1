//! `wolo sweep run`: the same process that the schedule starts every morning.

use anyhow::{Context as _, Result};
use chrono::{Datelike as _, NaiveDate, Utc};
use clap::Args;
use serde::Serialize;
use wolo_api::rules;
use wolo_control::birthdays::SweptDay;
use wolo_database::{Page, Pool, birthdays};
use wolo_domain::dakar;
use wolo_domain::ids::{PotId, UserId};

use crate::commands::{Config, a_day};
use crate::failure::refused;
use crate::output::{self, Fields, Format, Progress, day};
use crate::system::System;

/// People who are read at once.
const PAGE: u32 = 1_000;
/// Pots that are named one by one to a person; a program gets all of them.
const NAMED: usize = 20;

#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The day on which the pots were to be made, as 2026-11-25; without it, every day that was missed, today, and every day since which somebody has come whose birthday is near
    #[arg(long, value_name = "DATE", value_parser = a_day)]
    date: Option<NaiveDate>,
    /// Only say whose pots would be made
    #[arg(long = "dry-run")]
    only_say: bool,
    #[command(flatten)]
    format: Format,
}

/// A pot that would be made.
#[derive(Debug, Serialize)]
struct Due {
    birthday: NaiveDate,
    owner: UserId,
    pot: PotId,
}

impl Run {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let today = dakar::day_of(Utc::now());
        let ahead = system.settings.rules.opens_days_before;
        if let Some(date) = self.date {
            if date > today {
                return Err(refused(format!("{} has not begun", day(date))));
            }
            let birthday = dakar::days_after(date, ahead);
            if birthday < today {
                return Err(refused(format!(
                    "the birthdays that {} was for are over: the last was on {}",
                    day(date),
                    day(birthday)
                )));
            }
        }
        if self.only_say {
            let pool = system.pool().await?;
            let days = if let Some(date) = self.date {
                vec![date]
            } else {
                let mut days = birthdays::unswept(&pool, today, ahead).await?;
                days.extend(birthdays::overlooked(&pool, today, ahead, &days, ahead + 1).await?);
                days
            };
            return self.tell(&due(&pool, &days, ahead).await?);
        }
        let control = system.control().await?;
        let sweeping = Progress::spinning("making the pots that are due");
        let swept = control.sweep_birthdays(self.date, rules::birthday_pots(&system.settings.rules)).await;
        drop(sweeping);
        let swept = swept.context("the sweep gave no answer")?;
        if self.format.json {
            return output::json(&swept);
        }
        if swept.is_empty() {
            output::say(
                "Every day has been swept, today too, and nobody has come since. `--date` sweeps one once more.",
            );
        }
        for one in &swept {
            output::say(&told(one));
        }
        Ok(())
    }

    fn tell(&self, due: &[Due]) -> Result<()> {
        if self.format.json {
            return output::json(&due);
        }
        let Some(first) = due.first() else {
            output::say("No pot would be made.");
            return Ok(());
        };
        let whole = if due.len() == 1 { "pot" } else { "pots" };
        output::say(&format!("{} {whole} would be made, the first for {}:", due.len(), day(first.birthday)));
        for one in due.iter().take(NAMED) {
            output::say(&format!("  {}  {}  {}", day(one.birthday), one.owner, one.pot));
        }
        if due.len() > NAMED {
            output::say(&format!("  … and {} more (`--json` names all)", due.len() - NAMED));
        }
        Ok(())
    }
}

async fn due(pool: &Pool, days: &[NaiveDate], ahead: u32) -> Result<Vec<Due>> {
    let mut due = Vec::new();
    for birthday in days.iter().map(|date| dakar::days_after(*date, ahead)) {
        let mut page = Page::first(PAGE);
        loop {
            let celebrants = birthdays::celebrants(pool, birthday, page).await?;
            let Some(last) = celebrants.last().map(|last| last.user) else { break };
            due.extend(celebrants.into_iter().map(|one| Due {
                birthday,
                owner: one.user,
                pot: PotId::for_birthday(one.user, birthday.year()),
            }));
            page = Page { after: Some(last), limit: PAGE };
        }
    }
    Ok(due)
}

fn told(swept: &SweptDay) -> String {
    let mut fields = Fields::new();
    fields.field("day", day(swept.day));
    fields.field("birthday", day(swept.birthday));
    fields.field("people without a pot", swept.celebrants);
    fields.field("pots begun", swept.started);
    fields.text()
}
