//! `wolo discrepancies resolve`: finance's last word on one. Money that stands in suspense for it has to leave that account, or
//! have its counterpart there; a note alone would leave it without an owner.

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;
use wolo_control::books::{Clearing, DiscrepancyAnswer, ResolveDiscrepancy};
use wolo_control::{AskError, Control};
use wolo_database::discrepancies;
use wolo_domain::ids::DiscrepancyId;

use crate::commands::{Config, Decider, Sure};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::{System, operator};

#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The discrepancy's id
    #[arg(value_name = "ID")]
    id: DiscrepancyId,
    /// WOLO keeps the money that stands in suspense for it, or bears what is lacking
    #[arg(long, conflicts_with = "against")]
    to_fees: bool,
    /// Another discrepancy is its counterpart, such as a payment and what gave it back: both end
    #[arg(long, value_name = "ID")]
    against: Option<DiscrepancyId>,
    #[command(flatten)]
    decider: Decider,
    #[command(flatten)]
    sure: Sure,
    #[command(flatten)]
    format: Format,
}

impl Resolve {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let found = discrepancies::discrepancy(&system.pool().await?, self.id).await?;
        let found = found.with_context(|| format!("there is no discrepancy {}", self.id))?;
        let clearing = match (self.to_fees, self.against) {
            (true, _) => Clearing::ToFees,
            (false, Some(other)) => Clearing::Against { other },
            (false, None) => Clearing::Nothing,
        };
        let means = match clearing {
            Clearing::ToFees if found.suspense.is_positive() => {
                format!("{} leaves suspense: WOLO keeps it", found.suspense)
            }
            Clearing::ToFees => format!("{} leaves suspense: WOLO bears it", found.suspense),
            Clearing::Against { other } => format!("{other} ends with it, and together they are nothing"),
            Clearing::Nothing => "nothing is moved: what you say is kept with it".to_owned(),
        };
        let consequences =
            [format!("{}: {}", found.kind, found.reason), means, "it is not opened again".to_owned()];
        let confirmed = confirm(&consequences, self.sure.yes)?;
        let resolve = ResolveDiscrepancy {
            discrepancy: self.id,
            by: operator(self.decider.by.as_deref())?,
            reason: self.decider.reason,
            clearing,
        };
        let answer = match decide(&system.control().await?, resolve, confirmed).await {
            Err(AskError::Ended) => {
                return Err(refused("somebody else is resolving it at this moment"));
            }
            answer => answer.context("the resolution gave no answer")?,
        };
        match answer {
            DiscrepancyAnswer::Resolved if self.format.json => {
                output::json(&json!({ "discrepancy": self.id, "outcome": "resolved" }))
            }
            DiscrepancyAnswer::Resolved => {
                output::say(&format!("{} is resolved.", self.id));
                Ok(())
            }
            DiscrepancyAnswer::Already { by, why } => {
                Err(refused(format!("it was resolved before, by {by}: {why}")))
            }
            DiscrepancyAnswer::Refused { why } => Err(refused(why)),
        }
    }
}

async fn decide(
    control: &Control,
    resolve: ResolveDiscrepancy,
    _: Confirmed,
) -> Result<DiscrepancyAnswer, AskError> {
    control.resolve_discrepancy(resolve).await
}
