//! `wolo reports`: pots that people report, for whoever moderates.

mod list;
mod resolve;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Reports {
    /// List pots that are reported, those first that wait longest
    List(list::List),
    /// End what is reported of a pot, with a reason
    Resolve(resolve::Resolve),
}

impl Reports {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Resolve(resolve) => resolve.run(config).await,
        }
    }
}
