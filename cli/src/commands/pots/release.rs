//! `wolo pots release`: lifts a moderator's hold. Other holds are lifted by what they wait for.

use anyhow::Result;
use clap::Args;
use wolo_domain::pots::HoldReason;
use wolo_workflows::pot_lifecycle::HoldWish;

use super::{Named, answered};
use crate::commands::{Config, Decider};
use crate::output::Format;
use crate::system::{System, named_pot, operator};

#[derive(Args, Debug)]
pub(crate) struct Release {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    format: Format,
}

impl Release {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pot = named_pot(&system.pool().await?, &self.named.pot).await?;
        let by = operator(self.decider.by.as_deref());
        let wish = HoldWish { reason: HoldReason::Moderation, by, note: self.decider.reason };
        let answer = system.control().await?.release_pot(pot.id, wish).await;
        answered(pot.id, answer, "goes on", self.format)
    }
}
