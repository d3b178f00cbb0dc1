//! `wolo pots list`.

use anyhow::Result;
use clap::Args;
use wolo_database::{Page, pots};
use wolo_domain::pots::PotStage;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only pots in this stage: scheduled, open, closed, `paying_out`, settled, cancelled
    #[arg(long)]
    stage: Option<PotStage>,
    /// Only pots that something holds
    #[arg(long)]
    held: bool,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let filter = pots::Filter { stage: self.stage, held: self.held.then_some(true) };
        let pots = pots::all(&pool, filter, Page::first(self.most.limit)).await?;
        let pots: Vec<Brief> = pots.iter().map(Brief::of).collect();
        if self.format.json {
            return output::json(&pots);
        }
        let mut listing = Listing::new(["ID", "STAGE", "BIRTHDAY", "GIFTS", "GIVEN", "HOLDS NOW", "HELD BY"])
            .right(3)
            .right(4)
            .right(5);
        for pot in pots {
            listing.row([
                pot.id.to_string(),
                pot.stage.to_string(),
                pot.birthday.to_string(),
                pot.donations.to_string(),
                pot.given.to_string(),
                pot.balance.to_string(),
                if pot.holds.is_empty() { "-".to_owned() } else { pot.holds.join(", ") },
            ]);
        }
        let nothing = if self.stage.is_none() && !self.held {
            "There are no pots yet."
        } else {
            "There is no such pot."
        };
        output::say(&if listing.is_empty() { nothing.to_owned() } else { listing.text() });
        Ok(())
    }
}
