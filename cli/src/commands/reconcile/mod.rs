//! `wolo reconcile`: comparing Wave's statement with our books.

mod run;
mod status;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Reconcile {
    /// Compare a day of Wave's statement with our books now, and wait until it is done
    Run(run::Run),
    /// Show what the last comparison of each day came to
    Status(status::Status),
}

impl Reconcile {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Run(run) => run.run(config).await,
            Self::Status(status) => status.run(config).await,
        }
    }
}
