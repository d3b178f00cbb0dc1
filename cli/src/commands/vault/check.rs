//! `wolo vault check`.

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::json;

use super::{locked, ring};
use crate::commands::Config;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    format: Format,
}

impl Check {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let vault = system.vault().await?;
        vault.check().await.context("the vault is not to be had")?;
        let standing = vault.standing().await.context("the vault cannot be read")?;
        let subjects = standing.by_key.values().sum::<u64>() + standing.unreadable;
        let locked = locked(&standing, &ring(&system.settings));
        if self.format.json {
            output::json(&json!({ "subjects": subjects, "locked": locked }))?;
        }
        if locked > 0 {
            return Err(anyhow!(
                "{locked} of {subjects} keys cannot be unwrapped: wolo vault status says under which name they stand"
            ));
        }
        if !self.format.json {
            output::say(&format!("Both stores answer, and all of {subjects} keys can be unwrapped."));
        }
        Ok(())
    }
}
