//! `wolo time forward`: refused wherever money is real.

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::json;
use wolo_bootstrap::settings::Mode;
use wolo_control::AskError;
use wolo_control::time::{ForwardError, Forwarded};
use wolo_domain::ids::DonationId;
use wolo_workflows::ids;

use super::duration::Length;
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format, Progress};
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct Forward {
    /// The pot's id, or the last part of its link; or the id of a donation
    #[arg(value_name = "POT")]
    name: String,
    /// How far: 30d, 12h, 1d12h, 45m
    #[arg(value_name = "DURATION")]
    length: Length,
    /// Move the pot's payout, which is a process of its own
    #[arg(long)]
    payout: bool,
    #[command(flatten)]
    format: Format,
}

impl Forward {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        if system.settings.mode == Mode::Production {
            return Err(refused(
                "time is real in production: only a sandbox's processes can be moved forward",
            ));
        }
        let process = self.process(&system).await?;
        let moving = Progress::spinning("time passes");
        let moved = system.control().await?.forward(&process, self.length.get()).await;
        drop(moving);
        let (outcome, words) = match moved {
            Ok(Forwarded::Whole) => ("moved", "Done: everything that fell due on the way has been done."),
            Ok(Forwarded::EndedOnTheWay) => ("ended", "It came to its end on the way."),
            Ok(Forwarded::StillOnTheWay) => {
                ("waiting", "It is on its way, and waits for something that time alone does not bring.")
            }
            Err(ForwardError::Ask(AskError::NotFound)) => {
                return Err(refused(format!("the process {process} has ended, or never was")));
            }
            Err(ForwardError::Ask(AskError::Unexpected(source))) => {
                return Err(anyhow!(source).context(
                    "this Temporal server does not move time (a sandbox's is started with \
                     frontend.WorkflowTimeSkippingEnabled=true)",
                ));
            }
            Err(error) => return Err(error).context("time did not move"),
        };
        if self.format.json {
            return output::json(&json!({ "process": process, "outcome": outcome }));
        }
        output::say(words);
        Ok(())
    }

    async fn process(&self, system: &System) -> Result<String> {
        if let Ok(donation) = self.name.parse::<DonationId>() {
            return Ok(ids::donation(donation));
        }
        let pot = named_pot(&system.pool().await?, &self.name).await?.id;
        Ok(if self.payout { ids::payout(pot) } else { ids::pot_lifecycle(pot) })
    }
}
