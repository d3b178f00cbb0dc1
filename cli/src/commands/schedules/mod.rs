//! `wolo schedules`: what starts by itself, and when.

mod list;
mod pause;
mod resume;
mod trigger;

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand};
use wolo_control::schedules::ALL;
use wolo_control::{AskError, Control};

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Schedules {
    /// List the schedules: when each starts its process, and whether it is paused
    List(list::List),
    /// Let a schedule start nothing until it is resumed
    Pause(pause::Pause),
    /// Let a paused schedule go on
    Resume(resume::Resume),
    /// Start a schedule's process now
    Trigger(trigger::Trigger),
}

impl Schedules {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Pause(pause) => pause.run(config).await,
            Self::Resume(resume) => resume.run(config).await,
            Self::Trigger(trigger) => trigger.run(config).await,
        }
    }
}

/// A schedule by its name.
#[derive(Args, Debug)]
struct Named {
    /// The schedule, as `wolo schedules list` names it
    #[arg(value_name = "SCHEDULE", value_parser = ALL)]
    schedule: String,
}

impl Named {
    /// Asks the engine something about it.
    async fn ask<T>(
        &self,
        control: &Control,
        question: impl AsyncFnOnce(&Control, &str) -> Result<T, AskError>,
    ) -> Result<T> {
        match question(control, &self.schedule).await {
            Err(AskError::NotFound) => {
                Err(anyhow!("there is no schedule {} yet: a worker makes it when it starts", self.schedule))
            }
            answer => answer.context("the engine gave no answer about the schedule"),
        }
    }
}
