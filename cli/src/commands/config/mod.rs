//! `wolo config`: the settings as a program of this shell would read them.

mod check;
mod show;

use anyhow::Result;
use clap::Subcommand;

use super::Config as File;

#[derive(Subcommand, Debug)]
pub(crate) enum Config {
    /// Show every setting, its value and where it comes from; secrets are not shown
    Show(show::Show),
    /// Say whether the settings can be used, and all that is wrong if not
    Check(check::Check),
}

impl Config {
    pub(super) fn run(self, file: File<'_>) -> Result<()> {
        match self {
            Self::Show(show) => show.run(file),
            Self::Check(check) => check.run(file),
        }
    }
}
