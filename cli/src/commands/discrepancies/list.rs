//! `wolo discrepancies list`.

use anyhow::Result;
use clap::Args;
use wolo_database::{Page, discrepancies};
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::DiscrepancyId;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, day, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only one kind, such as `missing_at_wave`
    #[arg(long)]
    kind: Option<DiscrepancyKind>,
    /// Those that have been resolved too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    most: AtMost,
    /// Those that follow this one in the list
    #[arg(long, value_name = "ID")]
    after: Option<DiscrepancyId>,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let page = Page { after: self.after, limit: self.most.limit };
        let found = discrepancies::all(&pool, self.kind, self.all, page).await?;
        let found: Vec<Brief> = found.into_iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&found);
        }
        let mut listing =
            Listing::new(["ID", "KIND", "DAY", "FOUND", "SUSPENSE", "OWNER", "STANDS", "WHY"]).right(4);
        for one in found {
            listing.row([
                one.id.to_string(),
                one.kind.to_string(),
                day(one.day),
                instant(one.first_seen_at),
                one.suspense.to_string(),
                one.owner,
                if one.resolved_at.is_some() { "resolved" } else { "open" }.to_owned(),
                one.reason,
            ]);
        }
        output::say(&if listing.is_empty() { "There are none.".to_owned() } else { listing.text() });
        Ok(())
    }
}
