//! `wolo refunds retry`: what kept Wave from giving a gift back has been mended. Wave gives it back once, so nothing is lost
//! by asking.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::AskError;
use wolo_control::refunds::{TryingAgain, Wish};
use wolo_domain::ids::DonationId;

use super::named;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Retry {
    /// The gift's id
    #[arg(value_name = "GIFT")]
    donation: DonationId,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    format: Format,
}

impl Retry {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let refund = named(&system.pool().await?, self.donation).await?;
        if refund.ended_at.is_some() {
            return Err(refused("the gift has gone back"));
        }
        let wish = Wish { by: operator(self.decider.by.as_deref()), reason: self.decider.reason };
        let answer = match system.control().await?.retry_refund(self.donation, wish).await {
            Err(AskError::NotFound | AskError::Ended) => {
                return Err(refused("no refund of this gift is under way"));
            }
            answer => answer.context("the refund's process gave no answer")?,
        };
        let (outcome, words) = match answer {
            TryingAgain::Now => ("now", "Wave is asked again now"),
            TryingAgain::UnderWay => ("under_way", "Wave has not refused it; it is under way"),
        };
        if self.format.json {
            return output::json(&json!({ "donation": self.donation, "outcome": outcome }));
        }
        output::say(&format!("{}: {words}. `wolo refunds show` says what came of it.", self.donation));
        Ok(())
    }
}
