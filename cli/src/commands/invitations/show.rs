//! `wolo invitations show`.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::ids;
use wolo_database::invitations;
use wolo_database::notices::{self, Brought};
use wolo_domain::ids::InvitationId;
use wolo_domain::invitations::{EndedByHand, Milestones};
use wolo_domain::notices::Kind;

use super::Brief;
use crate::commands::Config;
use crate::commands::points::{forbidden, told};
use crate::output::{self, Fields, Format, instant, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The invitation's id
    #[arg(value_name = "INVITATION")]
    invitation: InvitationId,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let entry = invitations::invitation(&pool, self.invitation).await?;
        let entry = entry.with_context(|| format!("there is no invitation {}", self.invitation))?;
        let awards = wolo_database::points::of_invitation(&pool, self.invitation).await?;
        // In the word that the events of an invitation have for whoever is invited.
        let messages = notices::brought_to(&pool, &self.invitation.to_string()).await?;
        let process = ids::invitation(self.invitation);
        let state = system
            .ask(async |control| {
                // One that has ended still answers, for a while.
                let waits = entry.milestones.end.is_none() && entry.invitee.is_none();
                let runs =
                    control.invitation_runs(self.invitation).await.map_err(|error| error.to_string())?;
                if waits && !runs {
                    return Err(format!("there is none: wolo invitations restart {}", self.invitation));
                }
                control.invitation_state(self.invitation).await.map_err(|error| error.to_string())
            })
            .await;
        let page = system.process_page(&process);
        let brief = Brief::from(&entry);
        if self.format.json {
            let awards: Vec<_> = awards.iter().map(told).collect();
            let (state, problem) = (state.as_ref().ok(), state.as_ref().err());
            return output::json(&json!({
                "invitation": brief, "milestones": entry.milestones, "messages": messages.iter().map(sent).collect::<Vec<_>>(), "awards": awards, "process": state,
                "process_problem": problem, "page": page,
            }));
        }
        let mut fields = Fields::new();
        fields.field("invitation", brief.invitation);
        fields.field("sponsor", brief.sponsor);
        fields.field("to", &brief.to);
        fields.field("they are", brief.relationship);
        fields.field("stage", brief.stage);
        fields.field("sent", instant(brief.created_at));
        fields.field("lapses", instant(brief.expires_at));
        for message in &messages {
            let (name, at) = match message.kind {
                Kind::Invitation => ("delivered", message.arrived_at),
                _ => ("reminded", message.sent_at),
            };
            fields.field(name, at.map_or_else(|| format!("not yet ({})", message.stage), instant));
        }
        for (name, at) in passed(&entry.milestones) {
            fields.field(name, instant(at));
        }
        if let (Some(end), Some(at)) = (entry.milestones.end, entry.ended_at) {
            fields.field(end.as_str(), instant(at));
        }
        if let Some(EndedByHand { by, reason }) = &entry.ended_by_hand {
            fields.field("by", by);
            fields.field("because", reason);
        }
        fields.field("accepted by", or_dash(brief.accepted_by));
        fields.field("their pot", or_dash(brief.pot));
        if let Some(why) = brief.no_points {
            fields.field("no points", forbidden(why));
        }
        if let Err(why) = state {
            fields.field("its process", format!("gives no answer: {why}"));
        }
        if let Some(page) = page {
            fields.field("page", page);
        }
        output::say(&fields.text());
        if !awards.is_empty() {
            output::say(&format!("\n{}", crate::commands::points::table(&awards)));
        }
        Ok(())
    }
}

/// A message to whoever is invited.
fn sent(message: &Brought) -> serde_json::Value {
    let Brought { kind, stage, sent_at, arrived_at } = message;
    json!({ "kind": kind, "stage": stage, "sent_at": sent_at, "arrived_at": arrived_at })
}

/// What has happened, by its name.
fn passed(known: &Milestones) -> impl Iterator<Item = (&'static str, chrono::DateTime<chrono::Utc>)> {
    [
        ("link followed", known.opened_at),
        ("accepted", known.accepted_at),
        ("pot opened", known.pot_opened_at),
        ("first gift", known.first_gift_at),
    ]
    .into_iter()
    .filter_map(|(name, at)| Some((name, at?)))
}
