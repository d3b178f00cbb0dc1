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
        let by_hand = points::by_hand(&pool, self.award).await?;
        let words = format!("{} {}", cause(&award), fate(&award, by_hand.as_ref()));
        if self.format.json {
            let (by_whom, note) = by_hand.map(|by_hand| (by_hand.by_whom, by_hand.note)).unzip();
            let award = told(&award);
            return output::json(
                &json!({ "award": award, "by_whom": by_whom, "note": note, "words": words }),
            );
        }
        output::say(&format!("{} was given {words}", award.user));
        Ok(())
    }
}
