//! `wolo users grant`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::{Config, Decider};
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Grant {
    /// The person's id
    #[arg(value_name = "USER")]
    id: UserId,
    /// support, reviewer, finance or superadmin
    role: Role,
    #[command(flatten)]
    decider: Decider,
}

impl Grant {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let mut tx = pool.begin().await?;
        let by = operator(self.decider.by.as_deref())?;
        let is_new = roles::grant(&mut tx, self.id, self.role, Doer::new(&by, &self.decider.reason)).await?;
        tx.commit().await?;
        output::say(&if is_new {
            format!(
                "{} is trusted with {}. All sessions ended; signing in asks for a second factor.",
                self.id, self.role
            )
        } else {
            format!("{} is trusted with {} already.", self.id, self.role)
        });
        Ok(())
    }
}
