//! `wolo workers promote`.

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_control::builds::Promoting;

use crate::commands::Config;
use crate::failure::refused;
use crate::output;
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Promote {
    /// The build, as `wolo workers list` names it
    #[arg(value_name = "BUILD")]
    build: String,
}

impl Promote {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let control = System::find(config)?.control().await?;
        match control.promote(&self.build).await.context("the engine gave no answer about the build")? {
            Promoting::Promoted => {
                output::say(&format!("Workers of {} carry every process on from now on.", self.build));
                Ok(())
            }
            Promoting::Refused(why) => Err(refused(format!("{} was not promoted: {why}", self.build))),
        }
    }
}
