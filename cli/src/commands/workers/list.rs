//! `wolo workers list`.

use anyhow::{Context as _, Result};
use clap::Args;

use crate::commands::Config;
use crate::output::{self, Format, Listing, instant_or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let control = System::find(config)?.control().await?;
        let builds = control.builds().await.context("the engine does not tell of its workers' builds")?;
        if self.format.json {
            return output::json(&builds);
        }
        let unserved = !builds.is_empty() && builds.iter().all(|build| build.current_since.is_none());
        let mut listing = Listing::new(["BUILD", "CAME", "CARRIES PROCESSES ON SINCE"]);
        for build in builds {
            listing.row([build.id, instant_or_dash(build.came), instant_or_dash(build.current_since)]);
        }
        output::say(&if listing.is_empty() {
            "No worker tells its build: each serves every process (worker.versioning).".to_owned()
        } else {
            listing.text()
        });
        if unserved {
            output::say("Processes wait for a build to be promoted: wolo workers promote BUILD");
        }
        Ok(())
    }
}
