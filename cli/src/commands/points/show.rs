//! `wolo points show`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_database::{Page, points};
use wolo_domain::ids::UserId;

use super::{table, told};
use crate::commands::users::known;
use crate::commands::{AtMost, Config};
use crate::output::{self, Fields, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The person's id
    #[arg(value_name = "USER")]
    user: UserId,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.user).await?;
        let sums = points::of_user(&pool, self.user).await?;
        let streak = points::streak(&pool, self.user).await?;
        let awards = points::history(&pool, self.user, Page::first(self.most.limit)).await?;
        if self.format.json {
            let awards: Vec<_> = awards.iter().map(told).collect();
            return output::json(&json!({
                "user": self.user, "pending": sums.pending, "matured": sums.matured, "revoked": sums.revoked,
                "spent": sums.spent, "available": sums.available(),
                "streak": { "current": streak.current, "longest": streak.longest }, "awards": awards,
            }));
        }
        let mut fields = Fields::new();
        fields.field("person", self.user);
        fields.field("can be used", sums.available());
        fields.field("pending", sums.pending);
        fields.field("matured", sums.matured);
        fields.field("spent", sums.spent);
        fields.field("taken back", sums.revoked);
        fields.field("days in a row", format!("{} now, {} at most", streak.current, streak.longest));
        output::say(&fields.text());
        if !awards.is_empty() {
            output::say(&format!("\n{}", table(&awards)));
        }
        Ok(())
    }
}
