//! `wolo points explain`.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_database::points;
use wolo_domain::ids::AwardId;

use super::{cause, fate, told};
use crate::commands::Config;
use crate::output::{self, Format};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The award's id, as `wolo points show` names it
    #[arg(value_name = "AWARD")]
    award: AwardId,
    #[command(flatten)]
    format: Format,
}

impl Explain {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        let award = points::award_of(&pool, self.award).await?;
        let award = award.with_context(|| format!("there is no award {}", self.award))?;
        let words = format!("{} {}", cause(&award), fate(&award));
        if self.format.json {
            return output::json(&json!({ "award": told(&award), "words": words }));
        }
        output::say(&format!("{} was given {words}", award.user));
        Ok(())
    }
}
