//! `wolo discrepancies show`.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::Value;
use wolo_database::discrepancies;
use wolo_domain::ids::DiscrepancyId;

use super::Brief;
use crate::commands::Config;
use crate::output::{self, Fields, Format, day, instant};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The discrepancy's id
    #[arg(value_name = "ID")]
    id: DiscrepancyId,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let found = discrepancies::discrepancy(&pool, self.id).await?;
        let found = Brief::from(found.with_context(|| format!("there is no discrepancy {}", self.id))?);
        if self.format.json {
            return output::json(&found);
        }
        let mut fields = Fields::new();
        fields.field("discrepancy", found.id);
        fields.field("kind", found.kind);
        fields.field("why", &found.reason);
        fields.field("day", day(found.day));
        fields.field("owner", &found.owner);
        fields.field("in suspense", found.suspense);
        fields.field("first found", instant(found.first_seen_at));
        fields.field("last found", instant(found.last_seen_at));
        for (name, value) in
            found.facts.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
        {
            let value = value.as_str().map_or_else(|| Value::to_string(value), ToOwned::to_owned);
            fields.field(&name.replace('_', " "), value);
        }
        match (found.resolved_at, found.resolved_by, found.resolution) {
            (Some(at), Some(by), Some(why)) => {
                fields.field("resolved", format!("{} by {by}: {why}", instant(at)));
            }
            _ => fields.field("what to do", found.kind.advice()),
        }
        if found.kind.breaks_the_books() {
            fields.field("payouts", "are stopped while it is open");
        }
        output::say(&fields.text());
        Ok(())
    }
}
