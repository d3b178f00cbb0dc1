//! `wolo audit show`.

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use clap::Args;
use serde_json::json;
use wolo_database::Page;
use wolo_database::audit::{self, Filter};
use wolo_domain::audit::{Entry, Place, Record};

use crate::commands::{AtMost, Config};
use crate::output::{self, Format, Listing, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// What was done to this alone, such as usr_… or pot_…
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    /// What this person did alone
    #[arg(long, value_name = "NAME|USER")]
    by: Option<String>,
    /// What was written down on this day alone
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<NaiveDate>,
    /// What comes before this line, as the last one of a page names it
    #[arg(long, value_name = "LINE")]
    after: Option<Place>,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let filter = Filter { about: self.about, by: self.by, day: self.day };
        let page = Page { after: self.after, limit: self.most.limit };
        let entries = audit::list(&pool, &filter, page).await?;
        let read = entries.iter().map(read).collect::<Result<Vec<_>>>()?;
        if self.format.json {
            let entries: Vec<_> = read.iter().map(|(place, record)| told(*place, record)).collect();
            return output::json(&json!({ "entries": entries }));
        }
        if read.is_empty() {
            output::say("The audit trail has no such line.");
            return Ok(());
        }
        let mut listing = Listing::new(["LINE", "WHEN", "WHO", "DID", "TO", "WHY"]);
        for (place, record) in &read {
            let Record { at, by, happening, reason, .. } = record;
            let did =
                happening.details.iter().fold(happening.action.replace('_', " "), |did, (name, value)| {
                    format!("{did}, {name} {value}")
                });
            listing.row([
                place.to_string(),
                instant(*at),
                by.clone(),
                did,
                happening.about.clone(),
                reason.clone(),
            ]);
        }
        output::say(&listing.text());
        Ok(())
    }
}

fn read(entry: &Entry) -> Result<(Place, Record)> {
    let place = entry.place;
    let record =
        entry.record().with_context(|| format!("line {place} cannot be read: see wolo audit verify"))?;
    Ok((place, record))
}

fn told(place: Place, record: &Record) -> serde_json::Value {
    let Record { id, at, by, happening, reason } = record;
    json!({
        "line": place.to_string(), "id": id, "at": at, "by": by, "action": happening.action,
        "about": happening.about, "details": happening.details, "reason": reason,
    })
}
