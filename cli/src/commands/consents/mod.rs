//! `wolo consents`: which guardian was asked for which minor, what was shown, and what came of it. Guardians decide, and nobody here does
//! for them.

pub(crate) mod beginning;
mod list;
mod restart;
mod show;
mod text;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use wolo_database::Pool;
use wolo_database::consents::{self, Consent};
use wolo_domain::consents::{ConsentStage, Guardianship};
use wolo_domain::contacts::Language;
use wolo_domain::ids::{ConsentId, UserId};

use super::Config;
use crate::commands::users::first_letters;
use crate::failure::not_understood;

#[derive(Subcommand, Debug)]
pub(crate) enum Consents {
    /// List consents, the last asked for first
    List(list::List),
    /// Show one: who was asked, what they agreed to, and what happened since
    Show(show::Show),
    /// Start the process of a consent again that somebody has ended; harmless where it runs
    Restart(restart::Restart),
    /// Print the text that guardians agree to, word for word, and its hash
    Text(text::Text),
}

impl Consents {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Restart(restart) => restart.run(config).await,
            Self::Text(text) => text.run(),
        }
    }
}

/// A consent, for programs. The guardian is masked.
#[derive(Debug, Serialize)]
struct Brief {
    consent: ConsentId,
    minor: UserId,
    guardian: String,
    guardian_is: Guardianship,
    language: Language,
    stage: ConsentStage,
    since: DateTime<Utc>,
    requested_at: DateTime<Utc>,
    answer_by: Option<DateTime<Utc>>,
}

impl From<&Consent> for Brief {
    fn from(consent: &Consent) -> Self {
        Self {
            consent: consent.id,
            minor: consent.minor,
            guardian: first_letters(&consent.guardian_name),
            guardian_is: consent.guardian_is,
            language: consent.language,
            stage: consent.stage,
            since: consent.since,
            requested_at: consent.requested_at,
            answer_by: consent.answer_by,
        }
    }
}

/// A consent by its id, or the last of a minor's.
pub(crate) async fn named(pool: &Pool, name: &str) -> Result<Consent> {
    if let Ok(id) = name.parse::<ConsentId>() {
        return consents::consent(pool, id).await?.with_context(|| format!("there is no consent {id}"));
    }
    let Ok(minor) = name.parse::<UserId>() else {
        return Err(not_understood(format!("`{name}` is neither a consent nor a user")));
    };
    let named = consents::of_minor(pool, minor).await?.into_iter().next();
    named.with_context(|| format!("{minor} has named no guardian"))
}

/// Where a consent stands.
fn words(stage: ConsentStage) -> &'static str {
    match stage {
        ConsentStage::Requested => "the guardian was asked and has not answered",
        ConsentStage::Given => "the guardian consents",
        ConsentStage::Withdrawn => "the guardian has taken it back, and may return",
        ConsentStage::Refused => "the guardian said no",
        ConsentStage::Lapsed => "the guardian said nothing in time",
        ConsentStage::Superseded => "the minor has named somebody else",
        ConsentStage::Ended => "the guardian took it back and did not return",
        ConsentStage::HandedOver => "the minor has come of age",
    }
}
