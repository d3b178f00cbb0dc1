//! `wolo certificate`: what a settled pot took in and where it went, as it was sealed.

mod show;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Certificates {
    /// Print a settled pot's certificate, byte for byte as it was sealed
    Show(show::Show),
}

impl Certificates {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Show(show) => show.run(config).await,
        }
    }
}
