//! `wolo invitations list`.

use anyhow::Result;
use clap::Args;
use wolo_database::Page;
use wolo_database::invitations::{self, Filter};
use wolo_domain::ids::UserId;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only those that this person has sent
    #[arg(long, value_name = "USER")]
    sponsor: Option<UserId>,
    /// Only those that wait for their answer
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let filter = Filter { sponsor: self.sponsor, open: self.open };
        let found = invitations::list(&pool, filter, Page::first(self.most.limit)).await?;
        let found: Vec<Brief> = found.iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&found);
        }
        let mut listing = Listing::new(["INVITATION", "SPONSOR", "TO", "STAGE", "POINTS", "SENT"]).right(4);
        for one in found {
            listing.row([
                one.invitation.to_string(),
                one.sponsor.to_string(),
                one.to,
                one.stage.to_string(),
                one.points.to_string(),
                instant(one.created_at),
            ]);
        }
        output::say(&if listing.is_empty() {
            match (self.sponsor, self.open) {
                (_, true) => "No invitation waits for its answer.",
                (Some(_), false) => "This person has invited nobody.",
                (None, false) => "Nobody has been invited yet.",
            }
            .to_owned()
        } else {
            listing.text()
        });
        Ok(())
    }
}
