//! `wolo payouts resolve`: a person's decision about a payout that waits for one. The process refuses what could pay
//! twice, whoever asks.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use serde_json::json;
use wolo_control::{AskError, Control};
use wolo_database::{Pool, payouts};
use wolo_domain::ids::{PayoutId, PotId};
use wolo_domain::payouts::{NEVER_PAID, PayoutStage, TAKEN_BACK};
use wolo_workflows::payout::{self, Decision, Resolving};

use super::NOTHING_UNDER_WAY;
use crate::commands::{Config, Decider};
use crate::confirm::{Confirmed, confirm};
use crate::failure::refused;
use crate::output::{self, Format};
use crate::system::{System, named_pot, operator};

#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The pot's id, or the last part of its link
    #[arg(value_name = "POT")]
    pot: String,
    #[command(flatten)]
    choice: Choice,
    /// The order that the decision is about, as `wolo payouts show` names it; without it, you are asked about the one that
    /// stands
    #[arg(long, value_name = "NUMBER")]
    order: Option<u32>,
    #[command(flatten)]
    decider: Decider,
    /// Do not ask whether you mean it; needs --order
    #[arg(long, requires = "order")]
    yes: bool,
    #[command(flatten)]
    format: Format,
}

/// An ordinary answer of Wave's is there by then.
const PATIENCE: Duration = Duration::from_secs(8);
const SOON: Duration = Duration::from_millis(100);

/// Exactly one of them.
#[expect(clippy::struct_excessive_bools, reason = "one flag for each decision, as finance gives it")]
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Choice {
    /// Ask Wave once more about the same order, and send it again with the same key
    #[arg(long)]
    ask_again: bool,
    /// This payout in Wave's portal is the one; its record is read and checked before it is believed
    #[arg(long, value_name = "WAVE_ID")]
    found: Option<String>,
    /// What made Wave refuse has been put right: order anew (only after a refusal)
    #[arg(long)]
    order_anew: bool,
    /// The recipient is the right one, whatever Wave makes of the name (only while that is in doubt)
    #[arg(long)]
    accept: bool,
    /// The order was never paid (only while its end is unknown): believed when Wave's statement of every day since is silent
    #[arg(long)]
    never_paid: bool,
}

impl Choice {
    fn decision(self) -> (Decision, String) {
        match self.found {
            Some(wave_payout_id) => {
                let means = format!("Wave's payout {wave_payout_id} is read, and booked if it is the one");
                (Decision::Found { wave_payout_id }, means)
            }
            None if self.order_anew => {
                (Decision::OrderAnew, "the money is ordered to be sent once more, with a new key".to_owned())
            }
            None if self.accept => {
                (Decision::Accept, "the money is sent to the phone that Wave has doubts about".to_owned())
            }
            None if self.never_paid => (
                Decision::NeverPaid,
                "the order counts as refused, if Wave's search and its statement of every day since do not show it"
                    .to_owned(),
            ),
            None => (
                Decision::AskAgain,
                "Wave is asked again, and the same order is sent with the same key".to_owned(),
            ),
        }
    }
}

impl Resolve {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let by = operator(self.decider.by.as_deref())?;
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let pot = named_pot(&pool, &self.pot).await?;
        let (decision, means) = self.choice.decision();
        let payout = payouts::payout(&pool, PayoutId::of_pot(pot.id)).await?;
        let Some(payout) = payout else { return Err(refused(NOTHING_UNDER_WAY)) };
        let control = system.control().await?;
        let standing = standing_order(&control, pot.id).await?.unwrap_or(payout.order_number);
        let order = self.order.unwrap_or(standing);
        if order != standing {
            return Err(refused(format!(
                "order {order} does not stand any more: order {standing} does, and the payout is {}; look at it with \
                 `wolo payouts show`",
                payout.stage
            )));
        }
        let about = format!(
            "the payout of {}: {} by order {standing}; the payout is {}",
            pot.id, payout.amount, payout.stage
        );
        let rules_out = decision == Decision::NeverPaid;
        let confirmed = confirm(&[about, means], self.yes)?;
        let resolve = payout::Resolve { decision, order: Some(order), by, reason: self.decider.reason };
        let answer = match decide(&control, pot.id, resolve, confirmed).await {
            Err(AskError::NotFound | AskError::Ended) => {
                return Err(refused(NOTHING_UNDER_WAY));
            }
            answer => answer.context("the payout's process gave no answer")?,
        };
        match answer {
            Resolving::Refused { why } => Err(refused(why)),
            Resolving::Accepted => {
                let became = tokio::time::timeout(PATIENCE, outcome(&pool, &control, pot.id)).await;
                let (outcome, words) = match became {
                    Ok(Became::Paid) => ("paid", "Done: the payout has arrived and is booked."),
                    Ok(Became::RuledOut) if rules_out => (
                        "refused",
                        "Done: the order counts as never paid. `--order-anew` sends the money with a new key.",
                    ),
                    Ok(Became::RuledOut) => return Err(anyhow!("the last order was never paid: order anew")),
                    Ok(Became::Held(why)) => {
                        return Err(anyhow!("the payout waits for a person again: {why}"));
                    }
                    Err(_) => {
                        ("accepted", "The payout goes on with your decision; `wolo payouts show` says how.")
                    }
                };
                if self.format.json {
                    return output::json(&json!({ "pot": pot.id, "outcome": outcome }));
                }
                output::say(words);
                Ok(())
            }
        }
    }
}

/// The order that the payout's process is about. One that has not been begun stands in no row yet.
async fn standing_order(control: &Control, pot: PotId) -> Result<Option<u32>> {
    match control.payout_status(pot).await {
        Err(AskError::NotFound | AskError::Ended) => Err(refused(NOTHING_UNDER_WAY)),
        status => {
            let status = status.context("the payout's process gave no answer")?;
            Ok(status.order.map(|order| order.number))
        }
    }
}

/// What a decision has come to.
enum Became {
    Paid,
    /// The order counts as refused because it was never paid.
    RuledOut,
    /// It led nowhere: the payout is held again, for this reason.
    Held(String),
}

async fn outcome(pool: &Pool, control: &Control, pot: PotId) -> Became {
    loop {
        // What cannot be read now is read at the next look.
        let payout = payouts::payout(pool, PayoutId::of_pot(pot)).await.ok().flatten();
        if payout.as_ref().is_some_and(|payout| payout.stage == PayoutStage::Succeeded) {
            return Became::Paid;
        }
        let ruled_out = payout.and_then(|payout| payout.refusal_code);
        let ruled_out = ruled_out.is_some_and(|code| [NEVER_PAID, TAKEN_BACK].contains(&code.as_str()));
        let status = control.payout_status(pot).await.ok();
        let held = status.filter(|status| status.decision.is_none() && status.held.is_some());
        if let Some(status) = held {
            return if ruled_out { Became::RuledOut } else { Became::Held(status.why) };
        }
        tokio::time::sleep(SOON).await;
    }
}

async fn decide(
    control: &Control,
    pot: PotId,
    resolve: payout::Resolve,
    _: Confirmed,
) -> Result<Resolving, AskError> {
    control.resolve_payout(pot, resolve).await
}
