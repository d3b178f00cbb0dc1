//! `wolo pots release`: lifts a moderator's hold. Other holds are lifted by what they wait for.

use anyhow::Result;
use chrono::Utc;
use clap::Args;
use wolo_database::pots;
use wolo_domain::pots::HoldReason;
use wolo_workflows::pot_lifecycle::{HoldWish, WishAnswer};

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
        let pool = system.pool().await?;
        let pot = named_pot(&pool, &self.named.pot).await?;
        let by = operator(self.decider.by.as_deref())?;
        let wish = HoldWish { reason: HoldReason::Moderation, by, note: self.decider.reason };
        let answer = if pot.stage.has_ended() {
            // Its process has, too, and it is its own no more: what a moderator hid is shown again.
            pots::release(&pool, pot.id, wish.reason, Utc::now()).await?;
            Ok(WishAnswer::Done)
        } else {
            system.control().await?.release_pot(pot.id, wish).await
        };
        let still: Vec<_> = match pots::pot(&pool, pot.id).await? {
            Some(pot) => pot.holds.iter().map(|hold| hold.reason.waits_for()).collect(),
            None => Vec::new(),
        };
        let done = match still.as_slice() {
            [] if pot.stage.has_ended() => "is seen again".to_owned(),
            [] => "goes on".to_owned(),
            still => format!("is released by its moderator, and still waits for {}", still.join(" and ")),
        };
        answered(&pot, answer, &done, self.format)
    }
}
