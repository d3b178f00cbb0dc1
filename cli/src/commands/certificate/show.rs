//! `wolo certificate show`.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_database::certificates;

use crate::commands::Config;
use crate::failure::refused;
use crate::output;
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The pot's id, or the last part of its link
    #[arg(value_name = "POT")]
    pot: String,
    /// Write it into this file instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let pot = named_pot(&pool, &self.pot).await?;
        let document =
            certificates::document(&pool, pot.id).await.context("the certificate could not be read")?;
        let Some(document) = document else {
            return Err(refused(format!(
                "{} is {}: a certificate comes with the settlement",
                pot.id, pot.stage
            )));
        };
        match &self.out {
            Some(file) => {
                fs::write(file, &document)
                    .with_context(|| format!("{} cannot be written", file.display()))?;
                output::say(&format!("Written: {}. `wolo verify` checks it.", file.display()));
            }
            // Not a byte more: a certificate is its bytes. A reader that has gone away is not an error worth words.
            None => drop(std::io::stdout().lock().write_all(document.as_bytes())),
        }
        Ok(())
    }
}
