//! `wolo pots restart`: a pot whose process somebody ended goes on where it stands. What a process waits for comes in with its
//! input, and the one before took its own along: the new one gets what the settings say today.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_api::rules;
use wolo_bootstrap::settings::Rules;
use wolo_control::pots::TakingUp;
use wolo_database::pots::Pot;
use wolo_domain::pots::Timeline;
use wolo_workflows::pot_lifecycle::PotPlan;

use super::Named;
use crate::commands::Config;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct Restart {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

impl Restart {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pot = named_pot(&system.pool().await?, &self.named.pot).await?;
        if pot.stage.has_ended() {
            return Err(refused(format!("there is nothing to start: the pot is {}", pot.stage)));
        }
        let id = pot.id;
        let control = system.control().await?;
        let taken_up = control.take_up_pot(plan(pot, &system.settings.rules)).await;
        let (outcome, words) = match taken_up.context("the process could not be started")? {
            TakingUp::Started => ("started", "its process was not there and has been started"),
            TakingUp::Running => ("running", "its process runs; nothing has been done"),
        };
        if self.format.json {
            return output::json(&json!({ "pot": id, "outcome": outcome }));
        }
        output::say(&format!("{id}: {words}."));
        Ok(())
    }
}

/// What the process would have been started with.
fn plan(pot: Pot, rules: &Rules) -> PotPlan {
    let of_pots = rules::of_pots(rules);
    PotPlan {
        pot: pot.id,
        owner: pot.owner,
        // The pot is there: whoever asks for it now has not made it.
        request: "restart".to_owned(),
        settings: pot.settings,
        timeline: Timeline::of_planned(pot.birthday, pot.opens_at, pot.closes_at, &of_pots),
        rules: of_pots,
        patience: rules::pot_patience(rules),
        carried: None,
    }
}
