//! `wolo people`: what people may ask of us about their data.

mod erase;
mod export;
mod restore;

use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

/// An answer that takes longer is not waited for; it is done when a worker is there.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Subcommand, Debug)]
pub(crate) enum People {
    /// Close somebody's account and erase them when their days are over
    Erase(erase::Erase),
    /// Let an account be used again that is being closed
    Restore(restore::Restore),
    /// Write down everything that is kept about somebody
    Export(export::Export),
}

impl People {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Erase(erase) => erase.run(config).await,
            Self::Restore(restore) => restore.run(config).await,
            Self::Export(export) => export.run(config).await,
        }
    }
}
