//! `wolo payouts list`.

use anyhow::Result;
use clap::Args;
use wolo_database::{Page, payouts};
use wolo_domain::payouts::PayoutStage;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant, instant_or_dash, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only payouts in this stage: planned, sent, unknown, refused, succeeded
    #[arg(long)]
    stage: Option<PayoutStage>,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let payouts = payouts::all(&pool, self.stage, Page::first(self.most.limit)).await?;
        let payouts: Vec<Brief> = payouts.into_iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&payouts);
        }
        let mut listing =
            Listing::new(["POT", "STAGE", "AMOUNT", "ORDERS", "PLANNED", "ENDED", "WAVE"]).right(2).right(3);
        for payout in payouts {
            listing.row([
                payout.pot.to_string(),
                payout.stage.to_string(),
                payout.amount.to_string(),
                payout.orders.to_string(),
                instant(payout.planned_at),
                instant_or_dash(payout.ended_at),
                or_dash(payout.wave_payout_id.or(payout.refusal_code)),
            ]);
        }
        let nothing =
            if self.stage.is_none() { "There are no payouts yet." } else { "There is no such payout." };
        output::say(&if listing.is_empty() { nothing.to_owned() } else { listing.text() });
        Ok(())
    }
}
