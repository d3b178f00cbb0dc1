//! `wolo histories`: what finished processes have left behind, for the replay suite.

mod record;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Histories {
    /// Record the history of a process of this sandbox, as the replay suite reads it
    Record(record::Record),
}

impl Histories {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Record(record) => record.run(config).await,
        }
    }
}
