//! `wolo cases`: the reviewers' desk. Who somebody is, and whether a guardian is a minor's, is looked at and decided here.
//!
//! It decides nothing and shows nothing by itself: the case's process writes down each look before a byte is shown, and each decision
//! with the hashes of what was seen. Who acts proves that it is they by a code of their second factor; looking at the list and at what
//! is written about a case needs none, because nothing of a document stands there.

mod again;
mod decide;
mod list;
mod open;
mod page;
mod restart;
mod show;
mod take;
mod words;

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use wolo_control::AskError;
use wolo_database::Pool;
use wolo_database::identities::{self, Case, Entry};
use wolo_domain::identities::{CaseStage, Reason, says_something};
use wolo_domain::ids::{CaseId, ConsentId, UserId};

use super::Config;
use crate::failure::refused;

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Subcommand, Debug)]
pub(crate) enum Cases {
    /// List cases, those first that have waited longest
    List(list::List),
    /// Show one: where it stands, its documents, who looked at them and what was decided
    Show(show::Show),
    /// Take a case that nobody has, to decide it
    Take(take::Take),
    /// Give a case to a reviewer, also one that another has
    Assign(take::Assign),
    /// Look at the documents of a case, on a page of this machine that is shown once
    ///
    /// Each look is written down with its reason before anything is shown. The page has an address that nobody can guess, each
    /// picture on it is given out once, and nothing is written to a disk. It ends when it was seen, when its time is over, or with
    /// Ctrl-C.
    Open(open::Open),
    /// Approve a case whose documents you have looked at
    Approve(decide::Approve),
    /// Reject a case for good
    Reject(decide::Reject),
    /// Ask whoever sent the documents for more
    Ask(decide::Ask),
    /// Begin another case of a minor whose last one was rejected, and tell the guardian
    Again(again::Again),
    /// Start the process of a case again that somebody has ended; harmless where it runs
    Restart(restart::Restart),
}

impl Cases {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Take(take) => take.run(config).await,
            Self::Assign(assign) => assign.run(config).await,
            Self::Open(open) => open.run(config).await,
            Self::Approve(approve) => approve.run(config).await,
            Self::Reject(reject) => reject.run(config).await,
            Self::Ask(ask) => ask.run(config).await,
            Self::Again(again) => again.run(config).await,
            Self::Restart(restart) => restart.run(config).await,
        }
    }
}

/// A case, for programs.
#[derive(Debug, Serialize)]
struct Brief {
    case: CaseId,
    subject: UserId,
    consent: Option<ConsentId>,
    stage: CaseStage,
    round: u32,
    waits_for: String,
    since: DateTime<Utc>,
    opened_at: DateTime<Utc>,
    submitted_at: Option<DateTime<Utc>>,
    assigned_to: Option<UserId>,
    /// When somebody was told last that nobody decides.
    escalated_at: Option<DateTime<Utc>>,
    approvals_needed: u32,
    reasons: Vec<Reason>,
    destroy_at: Option<DateTime<Utc>>,
    destroyed_at: Option<DateTime<Utc>>,
}

impl From<&Entry> for Brief {
    fn from(entry: &Entry) -> Self {
        Self {
            case: entry.case,
            subject: entry.subject,
            consent: entry.consent,
            stage: entry.stage,
            round: entry.round,
            waits_for: words::waits_for(entry, 0),
            since: entry.since,
            opened_at: entry.opened_at,
            submitted_at: entry.submitted_at,
            assigned_to: entry.assigned_to,
            escalated_at: entry.escalated_at,
            approvals_needed: entry.approvals_needed,
            reasons: entry.reasons.clone(),
            destroy_at: entry.destroy_at,
            destroyed_at: entry.destroyed_at,
        }
    }
}

/// Stops at an id that no case has.
async fn known(pool: &Pool, id: CaseId) -> Result<Case> {
    let mut connection = pool.acquire().await?;
    identities::case(&mut connection, id).await?.with_context(|| format!("there is no case {id}"))
}

/// What a reviewer writes, before anything is asked with it.
fn a_reason(text: &str) -> Result<()> {
    if says_something(text) { Ok(()) } else { Err(refused(words::NO_REASON)) }
}

/// What a case's process answered, or why nothing did.
fn answered<T>(answer: Result<T, AskError>, case: CaseId) -> Result<T> {
    match answer {
        Err(AskError::NotFound | AskError::Ended) => Err(refused(format!(
            "no process of this case runs: its documents are destroyed, or somebody has ended it (wolo cases restart {case})"
        ))),
        answer => answer.context("the case's process gave no answer"),
    }
}
