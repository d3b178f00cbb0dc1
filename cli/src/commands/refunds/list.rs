//! `wolo refunds list`.

use anyhow::Result;
use clap::Args;
use wolo_database::{Page, donations};

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant_or_dash, or_dash};
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only gifts to this pot: its id, or the last part of its link
    #[arg(long, value_name = "POT")]
    pot: Option<String>,
    /// Only those that Wave did not give back when it was asked
    #[arg(long)]
    refused: bool,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let pot = match &self.pot {
            Some(name) => Some(named_pot(&pool, name).await?.id),
            None => None,
        };
        let found = donations::refunds(&pool, pot, self.refused, Page::first(self.most.limit)).await?;
        let refunds: Vec<Brief> = found.into_iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&refunds);
        }
        let mut listing =
            Listing::new(["GIFT", "POT", "AMOUNT", "STAGE", "ASKED", "ENDED", "REFUSED FOR"]).right(2);
        for refund in refunds {
            listing.row([
                refund.donation.to_string(),
                refund.pot.to_string(),
                refund.amount.to_string(),
                refund.stage.to_string(),
                instant_or_dash(refund.sent_at),
                instant_or_dash(refund.ended_at),
                or_dash(refund.refusal_code),
            ]);
        }
        output::say(&if listing.is_empty() { "There is no such refund.".to_owned() } else { listing.text() });
        Ok(())
    }
}
