//! `wolo users lock`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::Config;
use crate::output;
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Lock {
    /// The person's id
    #[arg(value_name = "USER")]
    id: UserId,
    /// Why, in your own words
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Lock {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let mut tx = pool.begin().await?;
        let changed = roles::lock(&mut tx, self.id, Some(&self.reason)).await?;
        tx.commit().await?;
        let now = if changed { "now" } else { "already" };
        output::say(&format!("{} is locked {now}, and signed in nowhere.", self.id));
        Ok(())
    }
}
