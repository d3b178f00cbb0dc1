//! `wolo workflows`: processes as the engine remembers them, or the archive, told in words.

mod list;
mod show;

use anyhow::Result;
use clap::Subcommand;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Workflows {
    /// List processes, the last begun first
    List(list::List),
    /// Tell the story of a process, from the archive where the engine has forgotten it: each step, wait, question and answer, without
    /// people
    Show(show::Show),
}

impl Workflows {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
        }
    }
}
