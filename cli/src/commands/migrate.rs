//! `wolo migrate`: what has to be done once before a new version runs.

use anyhow::{Context as _, Result};
use clap::Args;
use secrecy::ExposeSecret as _;
use wolo_bootstrap::temporal;

use super::Config;
use crate::local::search_attributes;
use crate::output::{self, Progress};
use crate::system::System;

/// The settings' database user must own the tables. Doing it twice changes nothing.
#[derive(Args, Debug)]
pub(crate) struct Migrate {}

impl Migrate {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let working = Progress::spinning("migrating");
        let pool = wolo_database::connect(system.settings.database.url.expose_secret(), 1)
            .await
            .context("the database is not to be had")?;
        wolo_database::migrate(&pool).await?;
        let client = temporal::connect(&system.settings.temporal).await?;
        temporal::ensure_search_attributes(&client, &search_attributes::for_server()?).await?;
        drop(working);
        output::say("The database and the search attributes are up to date.");
        Ok(())
    }
}
