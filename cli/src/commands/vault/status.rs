//! `wolo vault status`.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::{behind, ring};
use crate::commands::Config;
use crate::output::{self, Format, Listing};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    format: Format,
}

impl Status {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let standing = system.vault().await?.standing().await.context("the vault cannot be read")?;
        let ring = ring(&system.settings);
        let count = |id: &String| standing.by_key.get(id).copied().unwrap_or(0);
        let unknown: Vec<_> = standing.by_key.iter().filter(|(id, _)| !ring.contains(id)).collect();
        if self.format.json {
            let known: Vec<_> = ring
                .iter()
                .enumerate()
                .map(|(place, id)| {
                    json!({ "key": id, "current": place == 0, "subjects": count(id), "may_go": place > 0 && count(id) == 0 })
                })
                .collect();
            let unknown: Vec<_> =
                unknown.iter().map(|(id, subjects)| json!({ "key": id, "subjects": subjects })).collect();
            return output::json(&json!({
                "keys": known, "not_in_the_settings": unknown, "unreadable": standing.unreadable,
            }));
        }
        let mut listing = Listing::new(["KEY", "SUBJECTS", ""]).right(1);
        for (place, id) in ring.iter().enumerate() {
            let word = match (place, count(id)) {
                (0, _) => "is the current one",
                (_, 0) => "may be taken out of the settings",
                _ => "must stay in the settings",
            };
            listing.row([id.clone(), count(id).to_string(), word.to_owned()]);
        }
        for (id, subjects) in unknown {
            listing.row([
                id.clone(),
                subjects.to_string(),
                "IS NOT IN THE SETTINGS: put it back, or nothing under it can be read".to_owned(),
            ]);
        }
        output::say(&listing.text());
        if standing.unreadable > 0 {
            output::say(&format!("{} keys are damaged.", standing.unreadable));
        }
        if behind(&standing, &ring) > 0 {
            output::say(
                "wolo vault rotate --reason … takes those under another key over to the current one.",
            );
        }
        Ok(())
    }
}
