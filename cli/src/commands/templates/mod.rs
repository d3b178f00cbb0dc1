//! `wolo templates`: the words of messages, as they are compiled in.

mod check;
mod list;
mod register;

use anyhow::Result;
use clap::Subcommand;

pub(crate) use register::register;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Templates {
    /// List the templates of every kind of message
    List(list::List),
    /// Ask Meta to look through those that it does not have
    Register(register::Register),
    /// Say whether all words can be used, and all that is wrong if not
    Check(check::Check),
}

impl Templates {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(),
            Self::Register(register) => register.run(config).await,
            Self::Check(check) => check.run(),
        }
    }
}
