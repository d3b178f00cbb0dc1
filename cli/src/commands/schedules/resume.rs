//! `wolo schedules resume`.

use anyhow::Result;
use clap::Args;
use wolo_control::Control;

use super::Named;
use crate::commands::{Config, Decider};
use crate::output::{self, instant_or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Resume {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    decider: Decider,
}

impl Resume {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let note = self.decider.note()?;
        let control = System::find(config)?.control().await?;
        let resume = async |control: &Control, id: &str| {
            control.resume_schedule(id, &note).await?;
            control.schedule(id).await
        };
        let standing = self.named.ask(&control, resume).await?;
        output::say(&format!(
            "{} goes on. It starts its process next at {}.",
            self.named.schedule,
            instant_or_dash(standing.next)
        ));
        Ok(())
    }
}
