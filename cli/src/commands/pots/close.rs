//! `wolo pots close`: no gift begins after it, and it cannot be taken back.

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
pub(crate) struct Close {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Close {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pot = named_pot(&system.pool().await?, &self.named.pot).await?;
        let consequences = [
            described(&pot),
            "no gift can begin any more, and payment pages that are open are ended".to_owned(),
            "it is paid out tomorrow morning, Dakar time".to_owned(),
        ];
        let confirmed = confirm(&consequences, self.sure.yes)?;
        let wish = Wish { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason };
        let answer = close(&system.control().await?, pot.id, wish, confirmed).await;
        answered(&pot, answer, "is closed", self.format)
    }
}

async fn close(control: &Control, pot: PotId, wish: Wish, _: Confirmed) -> Result<WishAnswer, AskError> {
    control.close_pot(pot, wish).await
}
