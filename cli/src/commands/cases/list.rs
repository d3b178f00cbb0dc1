//! `wolo cases list`.

use anyhow::Result;
use clap::Args;
use wolo_database::Page;
use wolo_database::identities::{self, Filter};
use wolo_domain::identities::CaseStage;
use wolo_domain::ids::UserId;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant, or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    #[arg(
        long,
        help = "Only cases in this stage: opened, submitted, in_review, approved, rejected, more_needed"
    )]
    stage: Option<CaseStage>,
    /// Only those that wait for a reviewer
    #[arg(long)]
    waiting: bool,
    /// Only those that a reviewer has taken, who is named by --by
    #[arg(long, requires = "by")]
    mine: bool,
    /// Whose cases --mine are
    #[arg(long, value_name = "USER", env = "WOLO_REVIEWER", hide_env_values = true)]
    by: Option<UserId>,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let assigned_to = self.by.filter(|_| self.mine);
        let filter = Filter { stage: self.stage, waiting: self.waiting, assigned_to, ..Filter::default() };
        let found = identities::list(&pool, filter, Page::first(self.most.limit)).await?;
        let found: Vec<Brief> = found.iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&found);
        }
        let mut listing = Listing::new(["CASE", "STAGE", "SINCE", "ESCALATED", "REVIEWER", "OF A MINOR"]);
        for one in found {
            listing.row([
                one.case.to_string(),
                one.stage.to_string(),
                instant(one.since),
                one.escalated_at.map_or_else(|| "no".to_owned(), instant),
                or_dash(one.assigned_to),
                if one.consent.is_some() { "yes" } else { "no" }.to_owned(),
            ]);
        }
        output::say(&if listing.is_empty() {
            match (self.waiting, self.mine, self.stage) {
                (true, ..) => "No case waits for a reviewer.",
                (_, true, _) => "This reviewer has no case.",
                (.., Some(_)) => "There is no such case.",
                _ => "There are no cases yet.",
            }
            .to_owned()
        } else {
            listing.text()
        });
        Ok(())
    }
}
