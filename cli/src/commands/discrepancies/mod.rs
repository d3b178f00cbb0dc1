//! `wolo discrepancies`: what Wave's statement and our books do not say alike, and ending it.

mod list;
mod resolve;
mod show;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, Utc};
use clap::Subcommand;
use serde::Serialize;
use wolo_database::discrepancies::Discrepancy;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::DiscrepancyId;
use wolo_domain::money::Xof;

use super::Config;

#[derive(Subcommand, Debug)]
pub(crate) enum Discrepancies {
    /// List discrepancies, the last found first
    List(list::List),
    /// Show one: what does not fit, and what is known of it
    Show(show::Show),
    /// End one, with a reason
    Resolve(resolve::Resolve),
}

impl Discrepancies {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Resolve(resolve) => resolve.run(config).await,
        }
    }
}

/// A discrepancy, for programs.
#[derive(Debug, Serialize)]
struct Brief {
    id: DiscrepancyId,
    kind: DiscrepancyKind,
    day: NaiveDate,
    reason: String,
    owner: String,
    /// What stands, or stood, in suspense for it.
    suspense: Xof,
    facts: serde_json::Value,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
    resolved_by: Option<String>,
    resolution: Option<String>,
}

impl From<Discrepancy> for Brief {
    fn from(found: Discrepancy) -> Self {
        let (resolved_at, resolved_by, resolution) = match found.resolved {
            Some(resolved) => (Some(resolved.at), Some(resolved.by), Some(resolved.why)),
            None => (None, None, None),
        };
        Self {
            id: found.id,
            kind: found.kind,
            day: found.day,
            reason: found.reason,
            owner: found.owner,
            suspense: found.suspense,
            facts: found.facts,
            first_seen_at: found.first_seen_at,
            last_seen_at: found.last_seen_at,
            resolved_at,
            resolved_by,
            resolution,
        }
    }
}
