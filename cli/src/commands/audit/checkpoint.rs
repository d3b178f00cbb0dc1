//! `wolo audit checkpoint`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_database::audit;

use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Print {
    #[command(flatten)]
    format: Format,
}

impl Print {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let Some(last) = audit::checkpoints(&pool).await?.into_iter().next() else {
            return Err(refused(
                "the trail has no checkpoint yet: the schedule audit-checkpoint makes one every hour, and wolo schedules \
                 trigger audit-checkpoint at once",
            ));
        };
        if self.format.json {
            let (at, line) = (last.at, last.place.to_string());
            return output::json(&json!({ "checkpoint": last.to_string(), "line": line, "at": at }));
        }
        output::say(&last.to_string());
        Ok(())
    }
}
