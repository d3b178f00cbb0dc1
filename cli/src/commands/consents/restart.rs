//! `wolo consents restart`: the process of a consent was ended by somebody, or is forgotten. It goes on from the books: who has been
//! reminded is not reminded of the same again, and what fell due meanwhile is done at once.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_api::guardian_link;
use wolo_control::TakingUp;
use wolo_control::consents::{Carried, ConsentInput, ConsentState};
use wolo_database::Pool;
use wolo_database::consents::Consent;
use wolo_database::pots;
use wolo_domain::consents::ConsentStage;
use wolo_domain::pots::PotStage;

use super::beginning::process_of;
use super::{named, words};
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Restart {
    /// The consent's id, or the minor's, which means the last guardian whom they have named
    #[arg(value_name = "CONSENT|USER")]
    named: String,
    #[command(flatten)]
    format: Format,
}

impl Restart {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let consent = named(&pool, &self.named).await?;
        let link = guardian_link(&pool, &system.settings, consent.id).await?;
        let has_link = link.is_some();
        let input = process_of(&system.settings, consent.minor, link);
        let input = going_on(&pool, &consent, input).await?;
        let taken_up = system.control().await?.take_up_consent(input).await?;
        let (outcome, said) = match taken_up {
            TakingUp::Started => ("started", "its process was not there and has been started"),
            TakingUp::Running => ("running", "its process runs; nothing has been done"),
        };
        if self.format.json {
            return output::json(&json!({
                "consent": consent.id, "minor": consent.minor, "outcome": outcome, "link_is_known": has_link,
            }));
        }
        output::say(&format!("{}: {said}.", consent.id));
        if taken_up == TakingUp::Started && consent.stage == ConsentStage::Requested && !has_link {
            output::say(
                "These settings do not make the link that the guardian has, so nobody is reminded of it; it is good still.",
            );
        }
        Ok(())
    }
}

/// What is in force the process finds itself. Of what has ended it has one thing to do: the pots are to be given up.
async fn going_on(pool: &Pool, consent: &Consent, input: ConsentInput) -> Result<ConsentInput> {
    if consent.stage.is_in_force() {
        return Ok(input);
    }
    let last = wolo_database::consents::of_minor(pool, consent.minor).await?;
    let is_last = last.first().is_some_and(|last| last.id == consent.id);
    if consent.stage != ConsentStage::Ended || !is_last || !has_pots_before_its_end(pool, consent).await? {
        return Err(refused(format!("there is nothing to start: {}", words(consent.stage))));
    }
    let state = ConsentState {
        consent: Some(consent.id),
        stage: Some(consent.stage),
        case_opened: Some(true),
        ..ConsentState::default()
    };
    Ok(ConsentInput {
        carried: Some(Carried { state, pots_to_give_up: true, ..Carried::default() }),
        ..input
    })
}

/// A pot that was made later waits for another guardian.
async fn has_pots_before_its_end(pool: &Pool, consent: &Consent) -> Result<bool> {
    let pots = pots::of_owner(pool, consent.minor).await?;
    let is_left = |stage| matches!(stage, PotStage::Scheduled | PotStage::Open | PotStage::Closed);
    Ok(pots.iter().any(|pot| is_left(pot.stage) && pot.created_at < consent.since))
}
