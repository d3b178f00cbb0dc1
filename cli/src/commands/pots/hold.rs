//! `wolo pots hold`: a moderator stops a pot. No gift begins and nothing is paid until it is released.

use anyhow::Result;
use clap::Args;
use wolo_domain::pots::HoldReason;
use wolo_workflows::pot_lifecycle::HoldWish;

use super::{Named, answered};
use crate::commands::Config;
use crate::output::Format;
use crate::system::{System, named_pot, operator};

#[derive(Args, Debug)]
pub(crate) struct Hold {
    #[command(flatten)]
    named: Named,
    /// Why, for whoever looks at the pot next
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Who decides, when it is not the user of this shell
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Hold {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pot = named_pot(&system.pool().await?, &self.named.pot).await?;
        let by = operator(self.by.as_deref())?;
        let wish = HoldWish { reason: HoldReason::Moderation, by, note: self.note };
        let answer = system.control().await?.hold_pot(pot.id, wish).await;
        answered(&pot, answer, "is held", self.format)
    }
}
