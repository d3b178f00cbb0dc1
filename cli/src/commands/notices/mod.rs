//! `wolo notices`: messages to people, what became of them, and who wants no more of them.

mod list;
mod opt_out;
mod preview;
mod resend;
mod show;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use wolo_database::notices::Entry;
use wolo_domain::ids::{NoticeId, PotId, UserId};
use wolo_domain::notices::{Channel, Kind, NoticeStage};

use super::{Config, wait_for};

#[derive(Subcommand, Debug)]
pub(crate) enum Notices {
    /// List messages, the newest first
    List(list::List),
    /// Show one message: what became of it, and every way that was tried
    Show(show::Show),
    /// Have the same said again, as a message of its own
    Resend(resend::Resend),
    /// Send nothing more to a phone or a mail address, or let messages come again
    OptOut(opt_out::OptOut),
    /// Show what a kind of message says, with nobody's data in it
    Preview(preview::Preview),
}

impl Notices {
    pub(super) fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => wait_for(list.run(config)),
            Self::Show(show) => wait_for(show.run(config)),
            Self::Resend(resend) => wait_for(resend.run(config)),
            Self::OptOut(opt_out) => wait_for(opt_out.run(config)),
            Self::Preview(preview) => preview.run(),
        }
    }
}

/// A message, for programs.
#[derive(Debug, Serialize)]
struct Brief {
    notice: NoticeId,
    kind: Kind,
    user: Option<UserId>,
    pot: Option<PotId>,
    stage: NoticeStage,
    channel: Option<Channel>,
    /// Why it did not go out, or the last reason for which no channel took it.
    why_not: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Entry> for Brief {
    fn from(entry: Entry) -> Self {
        Self {
            notice: entry.id,
            kind: entry.kind,
            user: entry.user,
            pot: entry.pot,
            stage: entry.stage,
            channel: entry.channel,
            why_not: entry.withheld.map(|why| why.to_string()).or(entry.given_up),
            created_at: entry.created_at,
        }
    }
}
