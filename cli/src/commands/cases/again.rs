//! `wolo cases again`: the last case of a minor was rejected, and another is to begin: the guardian has begun as many as a year allows,
//! or was rejected by mistake. The guardian is told, and sends documents by the link that they have;
//! where neither these settings nor the consent's process know that link, nobody is told.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_api::guardian_link;
use wolo_control::consents::{BeginCase, BeginCaseAnswer};
use wolo_control::pots::Wish;

use super::{PATIENCE, words};
use crate::commands::consents::beginning::process_of;
use crate::commands::consents::named;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Again {
    /// The consent's id, or the minor's, which means the last guardian whom they have named
    #[arg(value_name = "CONSENT|USER")]
    named: String,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    format: Format,
}

impl Again {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let consent = named(&pool, &self.named).await?;
        if !consent.stage.is_given() {
            return Err(not_given(consent.stage.as_str()));
        }
        let by_hand = Wish { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason };
        let link = guardian_link(&pool, &system.settings, consent.id).await?;
        let has_link = link.is_some();
        let input = process_of(&system.settings, consent.minor, link.clone());
        let wish = BeginCase { consent: consent.id, link, by_hand: Some(by_hand) };
        let answer = system.control().await?.begin_case(input, wish, PATIENCE).await;
        let (case, is_new) = match answer.context("the consent's process gave no answer")? {
            BeginCaseAnswer::Begun { case } => (case, true),
            BeginCaseAnswer::Stands { case, stage } if stage.collects() => (case, false),
            BeginCaseAnswer::Stands { case, stage } => {
                return Err(refused(format!("the last case, {case}, {}", words::stage(stage))));
            }
            BeginCaseAnswer::NotGiven { stage } => return Err(not_given(stage.as_str())),
            BeginCaseAnswer::OtherConsent => return Err(not_given("over")),
            // Nobody who works here is held to it.
            BeginCaseAnswer::TooMany { .. } => return Err(refused("there were too many cases in a year")),
        };
        if self.format.json {
            return output::json(&json!({
                "consent": consent.id, "case": case, "begun": is_new, "link_is_known": has_link,
            }));
        }
        output::say(&match (is_new, has_link) {
            (true, true) => format!("{case} is begun: it collects documents, and the guardian is told."),
            (true, false) => format!(
                "{case} is begun: it collects documents. These settings do not make the link that the guardian has, so they are told \
                 only if the consent's process knows it still; it is good still."
            ),
            (false, _) => format!("{case} collects documents already; nothing has been done."),
        });
        Ok(())
    }
}

fn not_given(stage: &str) -> anyhow::Error {
    refused(format!("without a guardian's consent there is no case: it is {stage}"))
}
