//! `wolo manual`: the pages that `man` shows, made from the same words as the help.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _};

use super::Cli;

#[derive(Args, Debug)]
pub(crate) struct Manual {
    /// The folder to write them to, such as /usr/local/share/man/man1
    folder: PathBuf,
}

impl Manual {
    pub(super) fn run(&self) -> Result<()> {
        let why = || format!("the pages cannot be written to {}", self.folder.display());
        fs::create_dir_all(&self.folder).with_context(why)?;
        clap_mangen::generate_to(Cli::command(), &self.folder).with_context(why)
    }
}
