//! `wolo people restore`: whoever closed their account has changed their mind in time.

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_control::AskError;
use wolo_control::closures::{RestoreWish, Restoring};
use wolo_database::audit::Doer;
use wolo_database::closures::{self, Standing};
use wolo_domain::ids::UserId;

use super::PATIENCE;
use crate::commands::users::known;
use crate::commands::{Config, Decider};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Restore {
    /// The person's id
    #[arg(value_name = "USER")]
    user: UserId,
    #[command(flatten)]
    decider: Decider,
}

impl Restore {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        known(&pool, self.user).await?;
        if let Some(Standing::InUse) = closures::standing(&pool, self.user).await? {
            return Err(refused(format!("the account of {} is not being closed", self.user)));
        }
        let by = operator(self.decider.by.as_deref())?;
        let reason = self.decider.reason;
        let wish = RestoreWish { by: by.clone(), reason: reason.clone() };
        let restored = match system.control().await?.restore_account(self.user, wish, PATIENCE).await {
            Ok(answer) => answer == Restoring::Restored,
            // Its process was ended by somebody: nobody else restores it then.
            Err(AskError::NotFound | AskError::Ended) => {
                let restored = closures::restore(&pool, self.user, Doer::new(&by, &reason)).await?;
                matches!(restored, closures::Restoring::Restored | closures::Restoring::InUse)
            }
            Err(error) => return Err(error).context("the account's process gave no answer"),
        };
        if !restored {
            return Err(refused("whoever this was has been erased"));
        }
        output::say(&format!(
            "{} may sign in again. What was given up meanwhile (pots, invitations, points, roles) does not come back.",
            self.user
        ));
        Ok(())
    }
}
