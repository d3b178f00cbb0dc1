//! `wolo payouts approve`: one of the two people that a large payout needs. Who decides proves that they are there, by a code of
//! their second factor, so that one person at one shell is not two.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::AskError;
use wolo_control::payouts::{Approve as Approval, Approving};
use wolo_database::payouts;
use wolo_domain::ids::{PayoutId, UserId};

use super::NOTHING_UNDER_WAY;
use crate::commands::Config;
use crate::commands::proving::prove;
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::{System, named_pot};

#[derive(Args, Debug)]
pub(crate) struct Approve {
    /// The pot's id, or the last part of its link
    #[arg(value_name = "POT")]
    pot: String,
    /// Who approves: the id of somebody of finance, who is not the pot's owner
    #[arg(long, value_name = "USER")]
    by: UserId,
    /// The code that their second factor shows now, or one of their recovery codes: they prove that it is they who decide
    #[arg(long, value_name = "CODE")]
    code: String,
    /// Why, in your own words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    format: Format,
}

impl Approve {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let pot = named_pot(&pool, &self.pot).await?;
        if payouts::payout(&pool, PayoutId::of_pot(pot.id)).await?.is_none() {
            return Err(refused(NOTHING_UNDER_WAY));
        }
        prove(&system, &pool, self.by, &self.code).await?;
        let approval = Approval { by: self.by, reason: self.reason };
        let answer = match system.control().await?.approve_payout(pot.id, approval).await {
            Err(AskError::NotFound | AskError::Ended) => {
                return Err(refused(NOTHING_UNDER_WAY));
            }
            answer => answer.context("the payout's process gave no answer")?,
        };
        let missing = match answer {
            Approving::Approved { missing } => missing,
            Approving::Already { .. } => {
                return Err(refused("the same person has approved it before; another one has to"));
            }
            Approving::NotFinance => {
                return Err(refused("only somebody with the role finance or superadmin approves"));
            }
            Approving::OwnPot => return Err(refused("nobody approves what they get themselves")),
            Approving::NotNeeded => return Err(refused("the payout needs nobody's approval")),
            Approving::NotPlanned => return Err(refused("the payout has not been planned yet")),
            Approving::NoReason => return Err(refused("a reason is 1 to 500 characters")),
        };
        if self.format.json {
            return output::json(&json!({ "pot": pot.id, "missing": missing }));
        }
        output::say(&match missing {
            0 => format!("{}: approved, and sent now.", pot.id),
            1 => format!("{}: approved. One other person has to approve it.", pot.id),
            more => format!("{}: approved. {more} other people have to approve it.", pot.id),
        });
        Ok(())
    }
}
