//! `wolo late`: what should have been done by now and has not, since when, and the commands that help. The same that the
//! schedule `punctuality-check` looks for every hour, read from the database, so that it is known when no worker runs too.

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use wolo_api::rules;
use wolo_database::punctuality;
use wolo_domain::punctuality::{DueFor, DueStep, LateStep};

use super::{AtMost, Config};
use crate::output::{self, Format, Listing, day, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Late {
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

/// A step that is late, for programs.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    step: LateStep,
    /// The commands that help: first to look, then to do.
    helps: [String; 2],
}

impl Told {
    fn of(step: LateStep) -> Self {
        let helps = match step.about {
            DueFor::Day(_) => ["wolo sweep status".to_owned(), "wolo sweep run".to_owned()],
            // Its process stands still for a reason, or there is none.
            DueFor::Pot(pot) => [format!("wolo pots show {pot}"), format!("wolo pots restart {pot}")],
            DueFor::Invitation(invitation) => [
                format!("wolo invitations show {invitation}"),
                format!("wolo invitations restart {invitation}"),
            ],
            DueFor::Consent(consent) => {
                [format!("wolo consents show {consent}"), format!("wolo consents restart {consent}")]
            }
            DueFor::Case(case) => [format!("wolo cases show {case}"), format!("wolo cases restart {case}")],
        };
        Self { step, helps }
    }
}

impl Late {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let punctuality = rules::punctuality(&system.settings);
        let late = punctuality::late(&pool, Utc::now(), punctuality, self.most.limit).await;
        let late = late.context("the database does not say what is late")?;
        let (total, told) = (late.total, late.steps.into_iter().map(Told::of).collect::<Vec<_>>());
        if self.format.json {
            return output::json(&json!({ "late": told, "total": total }));
        }
        let mut listing = Listing::new(["LATE", "ABOUT", "SINCE", "TO LOOK", "TO HELP"]);
        let named = told.len();
        for Told { step, helps: [look, help] } in told {
            listing.row([words(step.what).to_owned(), about(step), instant(step.since), look, help]);
        }
        output::say(&if listing.is_empty() { "Nothing is late.".to_owned() } else { listing.text() });
        if total > u64::try_from(named)? {
            output::say(&format!("{total} are late in all; `--limit` shows more."));
        }
        Ok(())
    }
}

const fn words(what: DueStep) -> &'static str {
    match what {
        DueStep::Sweep => "not swept",
        DueStep::Opening => "not opened",
        DueStep::Closing => "not closed",
        DueStep::Payout => "not paid out",
        DueStep::Lapse => "not lapsed",
        DueStep::Maturing => "not matured",
        DueStep::Silence => "not taken for a refusal",
        DueStep::Withdrawal => "not ended",
        DueStep::GivingUp => "not given up",
        DueStep::HandOver => "not handed over",
        DueStep::Escalation => "not told of",
        DueStep::Destruction => "not destroyed",
    }
}

fn about(step: LateStep) -> String {
    match step.about {
        DueFor::Day(date) => day(date),
        DueFor::Pot(pot) => pot.to_string(),
        DueFor::Invitation(invitation) => invitation.to_string(),
        DueFor::Consent(consent) => consent.to_string(),
        DueFor::Case(case) => case.to_string(),
    }
}
