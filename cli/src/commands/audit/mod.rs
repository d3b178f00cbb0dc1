//! `wolo audit`: who of those who work here did what, and whether what is said about it is what was written.

mod checkpoint;
mod show;
mod verify;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Audit {
    /// Show who did what, to what, and why
    Show(show::Show),
    /// Say whether the audit trail is as it was written, and name the first line that is not
    Verify(verify::Verify),
    /// Print the sealed word of how far the trail reached, to be kept elsewhere
    Checkpoint(checkpoint::Print),
}

impl Audit {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Show(show) => show.run(config).await,
            Self::Verify(verify) => verify.run(config).await,
            Self::Checkpoint(print) => print.run(config).await,
        }
    }
}
