//! `wolo reports resolve`: a moderator's word on what is reported of a pot. What stops a pot is `wolo pots hold`, before or after.

use anyhow::Result;
use clap::Args;
use wolo_database::audit::Doer;
use wolo_database::reports;
use wolo_domain::ids::PotId;

use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The pot's id
    #[arg(value_name = "POT")]
    pot: PotId,
    #[command(flatten)]
    decider: Decider,
}

impl Resolve {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let by = operator(self.decider.by.as_deref())?;
        match reports::resolve(&pool, self.pot, Doer::new(&by, &self.decider.reason)).await? {
            0 => return Err(refused(format!("nothing is reported of {}", self.pot))),
            1 => output::say("One report has ended. What was written in it is gone."),
            many => output::say(&format!("{many} reports have ended. What was written in them is gone.")),
        }
        Ok(())
    }
}
