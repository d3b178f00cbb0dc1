//! `wolo people export`: everything that is kept about somebody, as they would be given it themselves.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_database::audit::{self, Doer};
use wolo_database::exports;
use wolo_domain::audit::{Action, Happening};
use wolo_domain::ids::UserId;

use crate::commands::users::known;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The person's id
    #[arg(value_name = "USER")]
    user: UserId,
    /// Write it to this file, which must not be there yet, instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    decider: Decider,
}

impl Export {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        // Before it is written down that anything was given out.
        if let Some(file) = self.out.as_deref().filter(|file| file.exists()) {
            return Err(refused(format!("{} is there already", file.display())));
        }
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.user).await?;
        let by = operator(self.decider.by.as_deref())?;
        let mut tx = pool.begin().await?;
        let export = exports::export(&mut tx, self.user).await?;
        let happening = Happening::new(Action::DataExported, self.user);
        audit::note(&mut tx, happening, Doer::new(&by, &self.decider.reason)).await?;
        // Noted before anybody reads it.
        tx.commit().await?;
        match &self.out {
            None => output::json(&export),
            Some(file) => {
                let text =
                    serde_json::to_string_pretty(&export).context("the data cannot be written as JSON")?;
                write(file, &text).with_context(|| format!("{} could not be written", file.display()))?;
                output::say(&format!("What is kept about {} stands in {}.", self.user, file.display()));
                Ok(())
            }
        }
    }
}

/// For the eyes of whoever asked for it alone.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}
