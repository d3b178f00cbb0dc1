//! `wolo users revoke`.

use anyhow::Result;
use clap::Args;
use wolo_database::accounts::roles;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;

use super::known;
use crate::commands::Config;
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
    /// Who decides, when it is not the user of this shell
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Revoke {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let pool = System::find(config)?.pool().await?;
        known(&pool, self.id).await?;
        let mut tx = pool.begin().await?;
        if !roles::revoke(&mut tx, self.id, self.role, &operator(self.by.as_deref())?).await? {
            return Err(refused(format!("{} is not trusted with {}", self.id, self.role)));
        }
        tx.commit().await?;
        output::say(&format!("{} is no longer trusted with {}. All sessions ended.", self.id, self.role));
        Ok(())
    }
}
