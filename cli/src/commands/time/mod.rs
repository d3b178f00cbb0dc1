//! `wolo time`: moving a process through its days, for rehearsals and demonstrations.

mod duration;
mod forward;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Time {
    /// Let a pot, or another process, live through some time at once; everything that falls due on the way is done
    Forward(forward::Forward),
}

impl Time {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::Forward(forward) => forward.run(config).await,
        }
    }
}
