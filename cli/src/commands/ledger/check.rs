//! `wolo ledger check`: the same process that a schedule starts, so that what it finds stops payouts at once.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;
use wolo_control::books::LedgerVerdict;
use wolo_database::halts;

use crate::commands::Config;
use crate::output::{self, Format, Progress, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    format: Format,
}

impl Check {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let looking = Progress::spinning("reading the ledger");
        let verdict = system.control().await?.check_ledger().await;
        drop(looking);
        let verdict = verdict.context("the check gave no answer")?;
        let halt = halts::standing(&pool).await?;
        if self.format.json {
            let stopped = halt.as_ref().map(|halt| json!({ "since": halt.since, "reason": halt.reason }));
            output::json(&json!({ "verdict": verdict, "payouts_stopped": stopped }))?;
        } else {
            match &verdict {
                LedgerVerdict::Broken { violations } => output::say(&violations.join("\n")),
                _ => output::say("Every rule of the books holds."),
            }
            if let Some(halt) = &halt {
                output::say(&format!("Payouts are stopped since {}: {}.", instant(halt.since), halt.reason));
            }
        }
        match (verdict, halt) {
            (LedgerVerdict::Broken { violations }, _) if violations.len() == 1 => {
                bail!("a rule does not hold")
            }
            (LedgerVerdict::Broken { violations }, _) => bail!("{} rules do not hold", violations.len()),
            (_, Some(_)) => bail!("payouts are stopped: `wolo ledger resume --reason …` lets them go on"),
            _ => Ok(()),
        }
    }
}
