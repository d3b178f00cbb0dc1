//! `wolo pots cancel`: what was given to the pot goes back, and that cannot be taken back.

use anyhow::Result;
use clap::Args;
use wolo_control::{AskError, Control};
use wolo_domain::ids::PotId;
use wolo_workflows::pot_lifecycle::{Wish, WishAnswer};

use super::{Named, answered, described};
use crate::commands::{Config, Decider, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::output::Format;
use crate::system::{System, named_pot, operator};

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Cancel {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pot = named_pot(&system.pool().await?, &self.named.pot).await?;
        let consequences = [
            described(&pot),
            "every gift goes back to its giver".to_owned(),
            "it is given up for good: the same birthday can have no other pot".to_owned(),
        ];
        let confirmed = confirm(&consequences, self.sure.yes)?;
        let wish = Wish { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason };
        let answer = cancel(&system.control().await?, pot.id, wish, confirmed).await;
        answered(&pot, answer, "is cancelled", self.format)
    }
}

async fn cancel(control: &Control, pot: PotId, wish: Wish, _: Confirmed) -> Result<WishAnswer, AskError> {
    control.cancel_pot(pot, wish).await
}
