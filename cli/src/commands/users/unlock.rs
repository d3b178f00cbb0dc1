//! `wolo users unlock`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::Config;
use crate::failure::refused;
use crate::output;
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Unlock {
    /// The person's id
    #[arg(value_name = "USER")]
    id: UserId,
}

impl Unlock {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let mut tx = pool.begin().await?;
        if !roles::lock(&mut tx, self.id, None).await? {
            return Err(refused(format!("{} is not locked", self.id)));
        }
        tx.commit().await?;
        output::say(&format!("{} may sign in again.", self.id));
        Ok(())
    }
}
