//! `wolo completions`.

use anyhow::{Context as _, Result};
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Result<()> {
        // Not straight to standard output: the generator takes a reader that has gone away for a reason to panic.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "wolo", &mut script);
        let script = String::from_utf8(script).context("the completions are not text")?;
        output::say(script.trim_end());
        Ok(())
    }
}
