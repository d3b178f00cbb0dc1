//! `wolo notices resend`: a message did not come, and what kept it has been mended. What it says is remembered by its process
//! alone, so it can be said again as long as the engine remembers that.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::AskError;
use wolo_database::notices;
use wolo_domain::ids::NoticeId;
use wolo_domain::notices::NoticeStage;

use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Resend {
    /// The message's id
    #[arg(value_name = "MESSAGE")]
    notice: NoticeId,
    #[command(flatten)]
    format: Format,
}

impl Resend {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let entry = notices::notice(&system.pool().await?, self.notice).await?;
        let entry = entry.with_context(|| format!("there is no message {}", self.notice))?;
        if entry.kind.at_most_once() {
            return Err(refused("a code is never said twice; its owner asks for another one"));
        }
        if entry.stage == NoticeStage::Queued {
            return Err(refused("the message is on its way still"));
        }
        let again = match system.control().await?.resend_notice(&entry.process).await {
            Err(AskError::NotFound) => {
                return Err(refused("nobody remembers what the message said"));
            }
            Err(AskError::Ended) => return Err(refused("it has been said again already")),
            answer => answer.context("the message's process gave no answer")?,
        };
        if self.format.json {
            return output::json(&json!({ "notice": again, "of": self.notice }));
        }
        output::say(&format!("It is said again as {again}. `wolo notices show` says what came of it."));
        Ok(())
    }
}
