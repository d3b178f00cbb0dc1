//! `wolo points revoke`: somebody has found that they were not earned. It cannot be taken back.

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_control::points::{RevokePoints, Revoking};
use wolo_control::{AskError, Control};
use wolo_database::points::{self, Award};
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
        let by = operator(self.decider.by.as_deref())?;
        let system = System::find(config)?;
        let award = points::award_of(&system.pool().await?, self.award).await?;
        let award = award.with_context(|| format!("there is no award {}", self.award))?;
        if award.stage == AwardStage::Revoked {
            return Err(refused("these points have been taken back already"));
        }
        let confirmed = confirm(&will_happen(&award), self.sure.yes)?;
        let revoke = RevokePoints { award: self.award, by, reason: self.decider.reason };
        let answer = match take_back(&system.control().await?, revoke, confirmed).await {
            Err(AskError::Ended) => return Err(refused("somebody else is taking them back at this moment")),
            answer => answer.context("taking the points back gave no answer")?,
        };
        match answer {
            Revoking::Revoked => {
                output::say(&format!("{} is taken back.", self.award));
                Ok(())
            }
            Revoking::Already => Err(refused("these points have been taken back already")),
            Revoking::Refused { why } => Err(refused(why)),
        }
    }
}

async fn take_back(control: &Control, revoke: RevokePoints, _: Confirmed) -> Result<Revoking, AskError> {
    control.revoke_points(revoke).await
}

fn will_happen(award: &Award) -> Vec<String> {
    vec![format!("{} loses {} points for good.", award.user, award.points)]
}
