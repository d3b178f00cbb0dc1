//! `wolo reports list`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_database::reports::{self, Reported};

use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl List {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let open = reports::open(&pool, self.most.limit).await?;
        if self.format.json {
            return output::json(&open.iter().map(told).collect::<Vec<_>>());
        }
        let mut listing = Listing::new(["POT", "SINCE", "REPORTS", "REASONS", "WORDS"]).right(2);
        for one in open {
            listing.row([
                one.pot.to_string(),
                instant(one.since),
                one.reports.to_string(),
                reasons(&one).join(", "),
                // Lines of others must not look like lines of ours.
                one.words.iter().map(|words| format!("{words:?}")).collect::<Vec<_>>().join(" "),
            ]);
        }
        output::say(&if listing.is_empty() { "No pot is reported.".to_owned() } else { listing.text() });
        Ok(())
    }
}

fn reasons(one: &Reported) -> Vec<&'static str> {
    one.reasons.iter().map(|reason| reason.as_str()).collect()
}

fn told(one: &Reported) -> serde_json::Value {
    json!({
        "pot": one.pot, "since": one.since, "reports": one.reports, "reasons": reasons(one), "words": one.words,
    })
}
