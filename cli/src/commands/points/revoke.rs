//! `wolo points revoke`: somebody has found that they were not earned. It cannot be taken back.

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_database::points::{self, Award, Revoking};
use wolo_domain::ids::AwardId;
use wolo_domain::points::AwardStage;

use crate::commands::{Config, Decider, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output;
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// The award's id, as `wolo points show` names it
    #[arg(value_name = "AWARD")]
    award: AwardId,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
}

impl Revoke {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let by_whom = operator(self.decider.by.as_deref())?;
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let award = points::award_of(&pool, self.award).await?;
        let award = award.with_context(|| format!("there is no award {}", self.award))?;
        if award.stage == AwardStage::Revoked {
            return Err(refused("these points have been taken back already"));
        }
        let confirmed = confirm(&will_happen(&award), self.sure.yes)?;
        self.take_back(&pool, &by_whom, confirmed).await
    }

    async fn take_back(
        &self,
        pool: &wolo_database::Pool,
        by_whom: &str,
        _confirmed: Confirmed,
    ) -> Result<()> {
        match points::revoke(pool, self.award, by_whom, &self.decider.reason).await? {
            Revoking::Revoked => {
                output::say(&format!("{} is taken back.", self.award));
                Ok(())
            }
            Revoking::Already => Err(refused("these points have been taken back already")),
            Revoking::Unknown => Err(refused(format!("there is no award {}", self.award))),
        }
    }
}

fn will_happen(award: &Award) -> Vec<String> {
    vec![format!("{} loses {} points for good.", award.user, award.points)]
}
