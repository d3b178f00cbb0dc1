//! `wolo invitations cancel`: its sponsor asks for it, or it should not have been sent.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_control::AskError;
use wolo_control::invitations::InvitationAnswer;
use wolo_database::invitations;
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::InvitationEnd;

use crate::commands::{Config, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output;
use crate::system::System;

/// An answer that takes longer is not waited for; the invitation is taken back when its worker is there.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The invitation's id
    #[arg(value_name = "INVITATION")]
    invitation: InvitationId,
    #[command(flatten)]
    sure: Sure,
}

impl Cancel {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let entry = invitations::invitation(&system.pool().await?, self.invitation).await?;
        let entry = entry.with_context(|| format!("there is no invitation {}", self.invitation))?;
        let stage = entry.milestones.stage();
        if entry.invitee.is_some() || entry.milestones.end.is_some() {
            return Err(refused(format!("the invitation cannot be taken back: it is {stage}")));
        }
        let will_happen = format!("The link that went to {} leads nowhere any more.", entry.to.masked());
        let confirmed = confirm(&[will_happen], self.sure.yes)?;
        self.take_back(&system, confirmed).await
    }

    async fn take_back(&self, system: &System, _confirmed: Confirmed) -> Result<()> {
        let control = system.control().await?;
        match control.end_invitation(self.invitation, InvitationEnd::Cancelled, PATIENCE).await {
            Ok(InvitationAnswer::Ended { end: InvitationEnd::Cancelled }) => {
                output::say(&format!("{} is taken back.", self.invitation));
                Ok(())
            }
            Ok(InvitationAnswer::Ended { end }) => Err(refused(format!("it has ended already: {end}"))),
            Ok(_) => Err(refused("somebody has just accepted it")),
            Err(AskError::NotFound | AskError::Ended) => {
                Err(refused("its process has not begun yet, or has just ended; look at it again in a moment"))
            }
            Err(error) => Err(error).context("the invitation's process gave no answer"),
        }
    }
}
