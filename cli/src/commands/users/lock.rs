//! `wolo users lock`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::{Config, Decider};
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Lock {
    /// The person's id
    #[arg(value_name = "USER")]
    id: UserId,
    #[command(flatten)]
    decider: Decider,
}

impl Lock {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let by = operator(self.decider.by.as_deref())?;
        let mut tx = pool.begin().await?;
        let changed = roles::lock(&mut tx, self.id, Doer::new(&by, &self.decider.reason)).await?;
        tx.commit().await?;
        let now = if changed { "now" } else { "already" };
        output::say(&format!("{} is locked {now}, and signed in nowhere.", self.id));
        Ok(())
    }
}
