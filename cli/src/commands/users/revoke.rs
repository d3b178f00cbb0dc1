//! `wolo users revoke`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_database::audit::Doer;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// The person's id
    #[arg(value_name = "USER")]
    id: UserId,
    /// support, reviewer, finance or superadmin
    role: Role,
    #[command(flatten)]
    decider: Decider,
}

impl Revoke {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let mut tx = pool.begin().await?;
        let by = operator(self.decider.by.as_deref())?;
        let doer = Doer::new(&by, &self.decider.reason);
        if !roles::revoke(&mut tx, self.id, self.role, doer).await? {
            return Err(refused(format!("{} is not trusted with {}", self.id, self.role)));
        }
        tx.commit().await?;
        output::say(&format!("{} is no longer trusted with {}. All sessions ended.", self.id, self.role));
        Ok(())
    }
}
