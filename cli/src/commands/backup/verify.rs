//! `wolo backup verify`. It needs neither database nor settings.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::manifest::Manifest;
use crate::output::{self, Format};

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    format: Format,
}

impl Verify {
    pub(super) fn run(self) -> Result<()> {
        let manifest = Manifest::read(&self.folder)?;
        manifest.check(&self.folder)?;
        let documents = manifest.documents.as_ref().map(Vec::len);
        if self.format.json {
            return output::json(
                &json!({ "at": manifest.at, "rows": manifest.rows(), "documents": documents }),
            );
        }
        output::say(&format!(
            "The backup of {} is as it was written: {} rows, {} documents.",
            manifest.at.format("%Y-%m-%d %H:%M:%S UTC"),
            manifest.rows(),
            documents.unwrap_or(0)
        ));
        Ok(())
    }
}
