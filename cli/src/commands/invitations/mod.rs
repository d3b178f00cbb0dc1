//! `wolo invitations`: who was asked to come by whom, and what came of it.

mod cancel;
mod list;
mod restart;
mod show;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use wolo_database::invitations::Entry;
use wolo_domain::ids::{InvitationId, PotId, UserId};
use wolo_domain::invitations::{InvitationStage, NoPoints, Relationship};

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Invitations {
    /// List invitations, the last first
    List(list::List),
    /// Show one invitation: how far it has come, and what it has brought
    Show(show::Show),
    /// Take an invitation back that nobody has answered
    Cancel(cancel::Cancel),
    /// Start the process of an invitation again that somebody has ended; harmless where it runs
    Restart(restart::Restart),
}

impl Invitations {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Cancel(cancel) => cancel.run(config).await,
            Self::Restart(restart) => restart.run(config).await,
        }
    }
}

/// An invitation, for programs. Where it went is masked.
#[derive(Debug, Serialize)]
struct Brief {
    invitation: InvitationId,
    sponsor: UserId,
    to: String,
    relationship: Relationship,
    stage: InvitationStage,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_by: Option<UserId>,
    pot: Option<PotId>,
    points: i64,
    no_points: Option<NoPoints>,
}

impl From<&Entry> for Brief {
    fn from(entry: &Entry) -> Self {
        Self {
            invitation: entry.id,
            sponsor: entry.sponsor,
            to: entry.to.masked(),
            relationship: entry.relationship,
            stage: entry.milestones.stage(),
            created_at: entry.created_at,
            expires_at: entry.expires_at,
            accepted_by: entry.invitee,
            pot: entry.pot,
            points: entry.points,
            no_points: entry.no_points,
        }
    }
}
