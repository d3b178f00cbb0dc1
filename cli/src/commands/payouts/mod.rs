//! `wolo payouts`: looking at payouts, and deciding about those that wait for a person.

mod approve;
mod list;
mod resolve;
mod show;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;
use wolo_database::payouts::Payout;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutStage};

use super::Config;

const NOTHING_UNDER_WAY: &str = "no payout of this pot is under way";

#[derive(Subcommand, Debug)]
pub(crate) enum Payouts {
    /// List payouts, the last planned first
    List(list::List),
    /// Show a pot's payout: where it stands and what it waits for
    Show(show::Show),
    /// Approve a payout that is large enough to need two people
    Approve(approve::Approve),
    /// Tell a payout that waits for a person what to do
    Resolve(resolve::Resolve),
}

impl Payouts {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Approve(approve) => approve.run(config).await,
            Self::Resolve(resolve) => resolve.run(config).await,
        }
    }
}

/// A payout, for programs.
#[derive(Debug, Serialize)]
struct Brief {
    id: PayoutId,
    pot: PotId,
    amount: Xof,
    stage: PayoutStage,
    /// How many people must approve it.
    approvals_needed: u32,
    orders: u32,
    /// Under which Wave knows the order that counts; nothing before the first is given.
    reference: Option<String>,
    fee: Option<Xof>,
    wave_payout_id: Option<String>,
    refusal_code: Option<String>,
    planned_at: chrono::DateTime<chrono::Utc>,
    ended_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<Payout> for Brief {
    fn from(payout: Payout) -> Self {
        let order = PayoutOrder { payout: payout.id, number: payout.order_number };
        Self {
            reference: (order.number > 0).then(|| order.key()),
            id: payout.id,
            pot: payout.pot,
            amount: payout.amount,
            stage: payout.stage,
            approvals_needed: payout.approvals_needed,
            orders: payout.order_number,
            fee: payout.fee,
            wave_payout_id: payout.wave_payout_id,
            refusal_code: payout.refusal_code,
            planned_at: payout.planned_at,
            ended_at: payout.ended_at,
        }
    }
}

/// What moves a payout whose owner's guardian does not consent any more. Finance cannot: a lifted hold is no consent, and a pot that is
/// being paid out gives no gift back.
pub(crate) fn without_consent(owner: UserId) -> String {
    format!(
        "no guardian answers for its owner, so no new order leaves, and the gifts stay in the pot; it is paid by itself when the \
         guardian comes back, when another one consents and the identities are approved, or when its owner comes of age: \
         wolo consents show {owner}"
    )
}
