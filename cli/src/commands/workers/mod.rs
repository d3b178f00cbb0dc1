//! `wolo workers`: the builds of the workers, where the engine tells them apart.

mod list;
mod promote;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Workers {
    /// List the builds whose workers have asked for work, and which of them carries processes on
    List(list::List),
    /// Let the workers of a build carry every process on from now on
    ///
    /// They must ask for work on every queue that is served now. Promoting an earlier build goes back to it.
    Promote(promote::Promote),
}

impl Workers {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Promote(promote) => promote.run(config).await,
        }
    }
}
