//! `wolo schedules pause`.

use anyhow::Result;
use clap::Args;
use wolo_control::Control;

use super::Named;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output;
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Pause {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    decider: Decider,
}

impl Pause {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let note = self.decider.note()?;
        let control = System::find(config)?.control().await?;
        let standing = self.named.ask(&control, async |control, id| control.schedule(id).await).await?;
        if standing.paused {
            // Why it was stopped first is what somebody wants to read who lets it go on.
            let why = standing.note.map_or_else(String::new, |note| format!(" ({note})"));
            return Err(refused(format!("{} is paused already{why}", self.named.schedule)));
        }
        let pause = async |control: &Control, id: &str| control.pause_schedule(id, &note).await;
        self.named.ask(&control, pause).await?;
        output::say(&format!(
            "{} is paused: it starts nothing by itself. What is running goes on.",
            self.named.schedule
        ));
        Ok(())
    }
}
