//! `wolo cases restart`: the process of a case was ended by somebody, or is forgotten. It goes on from the case's row: who was told of
//! something is not told again, and documents whose time is over are destroyed at once.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_api::{guardian_link, rules};
use wolo_bootstrap::Settings;
use wolo_control::TakingUp;
use wolo_control::identities::{IdentityInput, IdentityState, Told};
use wolo_database::identities::Entry;
use wolo_database::{Pool, accounts, consents};
use wolo_domain::contacts::Contact;
use wolo_domain::ids::CaseId;
use wolo_domain::people::first_name;

use super::known;
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Restart {
    /// The case's id
    #[arg(value_name = "CASE")]
    case: CaseId,
    #[command(flatten)]
    format: Format,
}

impl Restart {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let case = known(&pool, self.case).await?.entry;
        if let Some(at) = case.destroyed_at {
            let at = instant(at);
            return Err(refused(format!("there is nothing to start: its documents were destroyed on {at}")));
        }
        let input = going_on(&pool, &system.settings, &case).await?;
        let taken_up = system.control().await?.open_case(input).await;
        let (outcome, words) = match taken_up.context("the process could not be started")? {
            TakingUp::Started => ("started", "its process was not there and has been started"),
            TakingUp::Running => ("running", "its process runs; nothing has been done"),
        };
        if self.format.json {
            return output::json(&json!({ "case": self.case, "outcome": outcome }));
        }
        output::say(&format!("{}: {words}.", self.case));
        Ok(())
    }
}

/// What the process goes on with: whom the books know, and what the settings say today.
async fn going_on(pool: &Pool, settings: &Settings, case: &Entry) -> Result<IdentityInput> {
    let subject = accounts::account(pool, case.subject).await?;
    let subject = subject.with_context(|| format!("there is no person {}", case.subject))?;
    let (told, link) = match case.consent {
        None => (Told { user: Some(case.subject), to: None, language: subject.language }, None),
        Some(consent) => {
            let known = consents::consent(pool, consent).await?;
            let known = known.with_context(|| format!("there is no consent {consent}"))?;
            // Of an account that was erased it is not known any more, and nobody is told.
            let reached = consents::reached(pool, consent).await?;
            let to = reached.map(|reached| Contact::Phone(reached.phone));
            let told = Told { user: None, to, language: known.language };
            (told, guardian_link(pool, settings, consent).await?)
        }
    };
    let (notices, notice_patience) = rules::of_notices(&settings.notices);
    Ok(IdentityInput {
        case: case.case,
        subject: case.subject,
        consent: case.consent,
        name: first_name(&subject.name).to_owned(),
        told,
        link: link.unwrap_or_default(),
        rules: rules::of_identities(settings.identities),
        notices,
        notice_patience,
        continue_after_events: settings.rules.continue_after_events,
        carried: IdentityState::default(),
    })
}
