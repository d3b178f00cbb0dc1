//! `wolo invitations cancel`: its sponsor asks for it, or it should not have been sent.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::Args;
use wolo_control::AskError;
use wolo_control::invitations::{EndWish, InvitationAnswer};
use wolo_database::invitations::{self, Ending};
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::{EndedByHand, InvitationEnd};

use crate::commands::{Config, Decider, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

/// An answer that takes longer is not waited for; the invitation is taken back when its worker is there.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The invitation's id
    #[arg(value_name = "INVITATION")]
    invitation: InvitationId,
    #[command(flatten)]
    decider: Decider,
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
        let by_hand = EndedByHand { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason };
        take_back(&system, self.invitation, &by_hand, confirmed).await
    }
}

async fn take_back(
    system: &System,
    invitation: InvitationId,
    by_hand: &EndedByHand,
    _confirmed: Confirmed,
) -> Result<()> {
    let control = system.control().await?;
    let end = InvitationEnd::Cancelled;
    let wish = EndWish { end, by_hand: Some(by_hand.clone()) };
    match control.end_invitation_by(invitation, wish, PATIENCE).await {
        Ok(InvitationAnswer::Ended { end }) => said(invitation, end),
        Ok(_) => Err(refused("somebody has just accepted it")),
        // Nobody else writes its end then.
        Err(AskError::NotFound | AskError::Ended) => {
            let pool = system.pool().await?;
            match invitations::end_by_hand(&pool, invitation, end, Some(by_hand), Utc::now()).await? {
                Ending::Ended(end) => said(invitation, end),
                Ending::Accepted => Err(refused("somebody has accepted it")),
            }
        }
        Err(error) => Err(error).context("the invitation's process gave no answer"),
    }
}

fn said(invitation: InvitationId, end: InvitationEnd) -> Result<()> {
    if end != InvitationEnd::Cancelled {
        return Err(refused(format!("it has ended already: {end}")));
    }
    output::say(&format!("{invitation} is taken back."));
    Ok(())
}
