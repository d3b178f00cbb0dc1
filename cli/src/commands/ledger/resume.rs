//! `wolo ledger resume`: refused as long as a rule does not hold, whoever asks.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::books::{LedgerVerdict, ResumePayouts};
use wolo_control::{AskError, Control};
use wolo_database::halts;

use crate::commands::{Config, Decider, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format, instant};
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Resume {
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Resume {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let Some(halt) = halts::standing(&system.pool().await?).await? else {
            return Err(refused("payouts are not stopped"));
        };
        let consequences = [
            format!("payouts are stopped since {}: {}", instant(halt.since), halt.reason),
            "the ledger is read once more; if all its rules hold, orders to pay leave again".to_owned(),
        ];
        let confirmed = confirm(&consequences, self.sure.yes)?;
        let resume = ResumePayouts { by: operator(self.decider.by.as_deref())?, reason: self.decider.reason };
        match decide(&system.control().await?, resume, confirmed).await {
            Err(AskError::Ended) => Err(refused("somebody else lets them go on at this moment")),
            Ok(LedgerVerdict::Broken { violations }) => {
                Err(refused(format!("the books break rules still: {}", violations.join("; "))))
            }
            Ok(_) if self.format.json => output::json(&json!({ "outcome": "resumed" })),
            Ok(_) => {
                output::say("Payouts go on.");
                Ok(())
            }
            Err(error) => Err(error).context("the check gave no answer"),
        }
    }
}

async fn decide(control: &Control, resume: ResumePayouts, _: Confirmed) -> Result<LedgerVerdict, AskError> {
    control.resume_payouts(resume).await
}
