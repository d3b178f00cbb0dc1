//! `wolo templates`: the words of messages, as they are compiled in.

mod check;
mod list;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub(crate) enum Templates {
    /// List the templates of every kind of message
    List(list::List),
    /// Say whether all words can be used, and all that is wrong if not
    Check(check::Check),
}

impl Templates {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::List(list) => list.run(),
            Self::Check(check) => check.run(),
        }
    }
}
