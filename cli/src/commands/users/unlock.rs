//! `wolo users unlock`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Unlock {
    /// The person's id
    #[arg(value_name = "USER")]
    id: UserId,
    #[command(flatten)]
    decider: Decider,
}

impl Unlock {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let by = operator(self.decider.by.as_deref())?;
        let mut tx = pool.begin().await?;
        if !roles::unlock(&mut tx, self.id, Doer::new(&by, &self.decider.reason)).await? {
            return Err(refused(format!("{} is not locked", self.id)));
        }
        tx.commit().await?;
        output::say(&format!("{} may sign in again.", self.id));
        Ok(())
    }
}
