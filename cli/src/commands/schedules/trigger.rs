//! `wolo schedules trigger`: what would be done at its hour is done now. While a process of the schedule runs, that one is it.

use anyhow::Result;
use clap::Args;
use wolo_control::Control;

use super::Named;
use crate::commands::Config;
use crate::output;
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Trigger {
    #[command(flatten)]
    named: Named,
}

impl Trigger {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let control = System::find(config)?.control().await?;
        let trigger = async |control: &Control, id: &str| control.trigger_schedule(id).await;
        self.named.ask(&control, trigger).await?;
        output::say(&format!(
            "{} is started now, unless it runs already. `wolo schedules list` shows it.",
            self.named.schedule
        ));
        Ok(())
    }
}
