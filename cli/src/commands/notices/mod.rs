//! `wolo notices`: messages to people.

mod preview;

use anyhow::Result;
use clap::Subcommand;

#[derive(Subcommand, Debug)]
pub(crate) enum Notices {
    /// Show what a kind of message says, with nobody's data in it
    Preview(preview::Preview),
}

impl Notices {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Preview(preview) => preview.run(),
        }
    }
}
