//! `wolo schedules list`.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use wolo_control::AskError;
use wolo_control::schedules::{ALL, Standing};

use crate::commands::Config;
use crate::output::{self, Format, Listing, instant_or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    format: Format,
}

/// A schedule, for programs.
#[derive(Debug, Serialize)]
struct Told {
    schedule: &'static str,
    state: State,
    note: Option<String>,
    next: Option<DateTime<Utc>>,
    last: Option<DateTime<Utc>>,
    last_process: Option<String>,
    running: Vec<String>,
    /// Hours at which it should have started something and could not be made up for.
    missed: i64,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    Paused,
    /// No worker has made it yet.
    Missing,
}

impl State {
    const fn words(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Missing => "not made yet: start a worker",
        }
    }
}

impl Told {
    fn of(schedule: &'static str, standing: Option<Standing>) -> Self {
        let state = match &standing {
            None => State::Missing,
            Some(known) if known.paused => State::Paused,
            Some(_) => State::Active,
        };
        let known = standing.unwrap_or_else(Standing::nothing);
        let (last, last_process) = known.last.unzip();
        Self {
            schedule,
            state,
            note: known.note,
            next: known.next,
            last,
            last_process,
            running: known.running,
            missed: known.missed,
        }
    }
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let control = System::find(config)?.control().await?;
        let mut told = Vec::new();
        for schedule in ALL {
            let standing = match control.schedule(schedule).await {
                Err(AskError::NotFound) => None,
                known => Some(known.context("the engine gave no answer about its schedules")?),
            };
            told.push(Told::of(schedule, standing));
        }
        if self.format.json {
            return output::json(&told);
        }
        let mut listing =
            Listing::new(["SCHEDULE", "STATE", "NEXT", "LAST", "RUNNING", "MISSED"]).right(4).right(5);
        for one in &told {
            listing.row([
                one.schedule.to_owned(),
                one.state.words().to_owned(),
                instant_or_dash(one.next),
                instant_or_dash(one.last),
                one.running.len().to_string(),
                one.missed.to_string(),
            ]);
        }
        output::say(&listing.text());
        for one in told.iter().filter(|one| matches!(one.state, State::Paused)) {
            let why = one.note.as_deref().unwrap_or("nobody said why");
            output::say(&format!(
                "{} is paused: {why}. `wolo schedules resume` lets it go on.",
                one.schedule
            ));
        }
        Ok(())
    }
}
