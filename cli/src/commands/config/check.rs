//! `wolo config check`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_bootstrap::settings::{Mode, SettingsError};

use super::File;
use crate::output::{self, Format};
use crate::system;

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    format: Format,
}

impl Check {
    pub(super) fn run(self, file: File<'_>) -> Result<()> {
        let (layers, _) = system::layers(file);
        let read = layers.read();
        if self.format.json {
            let problems = match &read {
                Err(SettingsError::Invalid(problems)) => problems.as_slice(),
                _ => &[],
            };
            let problems: Vec<_> =
                problems.iter().map(|one| json!({ "key": one.key, "words": one.words })).collect();
            output::json(&json!({ "usable": read.is_ok(), "problems": problems }))?;
        }
        let settings = read?;
        if !self.format.json {
            let mode = match settings.mode {
                Mode::Development => "development",
                Mode::Production => "production",
            };
            output::say(&format!("The settings can be used, for {mode}."));
        }
        Ok(())
    }
}
