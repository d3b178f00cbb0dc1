//! `wolo consents list`.

use anyhow::Result;
use clap::Args;
use wolo_database::Page;
use wolo_database::consents::{self, Filter};
use wolo_domain::consents::ConsentStage;

use super::Brief;
use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant, instant_or_dash};
use crate::system::System;

const STAGES: &str = "Only consents in this stage: requested, given, withdrawn, refused, lapsed, superseded, ended, handed_over";

#[derive(Args, Debug)]
pub(crate) struct List {
    #[arg(long, help = STAGES)]
    stage: Option<ConsentStage>,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let filter = Filter { stage: self.stage, ..Filter::default() };
        let found = consents::list(&pool, filter, Page::first(self.most.limit)).await?;
        let found: Vec<Brief> = found.iter().map(Brief::from).collect();
        if self.format.json {
            return output::json(&found);
        }
        let mut listing = Listing::new(["CONSENT", "MINOR", "GUARDIAN", "STAGE", "SINCE", "UNTIL"]);
        for one in found {
            listing.row([
                one.consent.to_string(),
                one.minor.to_string(),
                format!("{} ({})", one.guardian, one.guardian_is),
                one.stage.to_string(),
                instant(one.since),
                instant_or_dash(one.answer_by),
            ]);
        }
        let nothing = if self.stage.is_none() {
            "No guardian has been asked yet."
        } else {
            "There is no such consent."
        };
        output::say(&if listing.is_empty() { nothing.to_owned() } else { listing.text() });
        Ok(())
    }
}
