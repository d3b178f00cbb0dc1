//! `wolo sweep`: the pots of those whose birthday comes.

mod run;
mod status;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Sweep {
    /// Make the pots that were due and were not made, and wait until that is done
    Run(run::Run),
    /// Show which days have been swept, and which were missed
    Status(status::Status),
}

impl Sweep {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Run(run) => run.run(config).await,
            Self::Status(status) => status.run(config).await,
        }
    }
}
