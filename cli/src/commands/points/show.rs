//! `wolo points show`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use wolo_database::points::Line;
use wolo_database::{Page, points};
use wolo_domain::ids::UserId;

use super::{table, told, told_of_use, used};
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
        let mut connection = pool.acquire().await?;
        let lines = points::history(&mut connection, self.user, Page::first(self.most.limit)).await?;
        let (mut awards, mut conversions) = (Vec::new(), Vec::new());
        for line in lines {
            match line {
                Line::Award(award) => awards.push(award),
                Line::Conversion(conversion) => conversions.push(conversion),
            }
        }
        if self.format.json {
            let awards: Vec<_> = awards.iter().map(told).collect();
            let conversions: Vec<_> = conversions.iter().map(told_of_use).collect();
            return output::json(&json!({
                "user": self.user, "pending": sums.pending, "matured": sums.matured, "revoked": sums.revoked,
                "spent": sums.spent, "available": sums.available(),
                "streak": { "current": streak.current, "longest": streak.longest }, "awards": awards,
                "conversions": conversions,
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
        if !conversions.is_empty() {
            output::say(&format!("\n{}", used(&conversions)));
        }
        Ok(())
    }
}
