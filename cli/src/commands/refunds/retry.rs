//! `wolo refunds retry`: what kept Wave from giving a gift back has been mended, or somebody ended the process that asks. Wave
//! gives it back once, so nothing is lost by asking.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_api::rules::refund_patience;
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
        let wish = Wish { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason };
        let control = system.control().await?;
        let (outcome, words) = match control.retry_refund(self.donation, wish).await {
            Err(AskError::NotFound | AskError::Ended) => {
                let patience = refund_patience(&system.settings.rules);
                let started = control.take_up_refund(self.donation, refund.pot, patience).await;
                started.context("its process could not be started")?;
                ("started", "its process was not there and has been started; Wave is asked now")
            }
            Ok(TryingAgain::Now) => ("now", "Wave is asked again now"),
            Ok(TryingAgain::UnderWay) => ("under_way", "Wave has not refused it; it is under way"),
            Err(error) => return Err(error).context("the refund's process gave no answer"),
        };
        if self.format.json {
            return output::json(&json!({ "donation": self.donation, "outcome": outcome }));
        }
        output::say(&format!("{}: {words}. `wolo refunds show` says what came of it.", self.donation));
        Ok(())
    }
}
