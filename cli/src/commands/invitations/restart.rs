//! `wolo invitations restart`: the process of an invitation was ended by somebody, or is forgotten. It goes on from its row: who
//! was asked is not asked anew, and not reminded, because the secret of the link is kept nowhere else; the link that they have
//! goes on to be good.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_api::rules;
use wolo_bootstrap::Settings;
use wolo_control::TakingUp;
use wolo_control::invitations::{InvitationInput, InvitationState};
use wolo_database::invitations::{self, Entry};
use wolo_database::outbox::{self, Topic};
use wolo_database::points::{self, Award};
use wolo_domain::contacts::Language;
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::SentInvitation;

use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Restart {
    /// The invitation's id
    #[arg(value_name = "INVITATION")]
    invitation: InvitationId,
    #[command(flatten)]
    format: Format,
}

impl Restart {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let entry = invitations::invitation(&pool, self.invitation).await?;
        let entry = entry.with_context(|| format!("there is no invitation {}", self.invitation))?;
        if entry.milestones.end.is_some() {
            let stage = entry.milestones.stage();
            return Err(refused(format!("there is nothing to start: the invitation is {stage}")));
        }
        // Begun from its row it would not invite, and the words and the secret that wait would be lost.
        if outbox::is_on_its_way(&pool, Topic::Invitation, &self.invitation.to_string()).await? {
            return Err(refused("it has not gone out yet: a worker that serves the queue notices sends it"));
        }
        let was_here = invitations::was_here(&pool, self.invitation).await?;
        let awards = points::of_invitation(&pool, self.invitation).await?;
        let input = going_on(entry, was_here, &awards, &system.settings);
        let taken_up = system.control().await?.take_up_invitation(input).await;
        let (outcome, words) = match taken_up.context("the process could not be started")? {
            TakingUp::Started => ("started", "its process was not there and has been started"),
            TakingUp::Running => ("running", "its process runs; nothing has been done"),
        };
        if self.format.json {
            return output::json(&json!({ "invitation": self.invitation, "outcome": outcome }));
        }
        output::say(&format!("{}: {words}.", self.invitation));
        Ok(())
    }
}

/// What the process goes on with: what the row knows, and what the settings say today.
fn going_on(entry: Entry, was_here: bool, awards: &[Award], settings: &Settings) -> InvitationInput {
    let (notices, notice_patience) = rules::of_notices(&settings.notices);
    InvitationInput {
        carried: InvitationState {
            invited: true,
            accepted_by: entry.invitee,
            pot_started: entry.pot.is_some(),
            was_here,
            told_of_acceptance: !awards.is_empty(),
            told_of: awards.iter().map(|award| award.rule).collect(),
            ..InvitationState::default()
        },
        invitee_name: entry.invitee_name.unwrap_or_default(),
        // Nobody is written to with these any more.
        link: String::new(),
        reminders: Vec::new(),
        sent: SentInvitation {
            invitation: entry.id,
            sponsor: entry.sponsor,
            sponsor_name: entry.sponsor_name,
            to: entry.to,
            language: Language::French,
            message: None,
            token: String::new(),
            expires_at: entry.expires_at,
        },
        points: rules::of_points(&settings.sponsorship),
        pots: rules::birthday_pots(&settings.rules),
        notices,
        notice_patience,
    }
}
