//! `wolo refunds`: gifts that go back, and those that Wave would not give back when it was asked.

mod list;
mod retry;
mod show;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde::Serialize;
use wolo_database::Pool;
use wolo_database::donations::{self, Donation};
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::money::Xof;

use super::Config;
use crate::failure::refused;

#[derive(Subcommand, Debug)]
pub(crate) enum Refunds {
    /// List gifts that go back or have gone back, the last asked for first
    List(list::List),
    /// Show one refund: where it stands and what it waits for
    Show(show::Show),
    /// Ask Wave again now for a refund that it has refused, or that has lost its process
    Retry(retry::Retry),
}

impl Refunds {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Retry(retry) => retry.run(config).await,
        }
    }
}

/// A refund, for programs.
#[derive(Debug, Serialize)]
struct Brief {
    donation: DonationId,
    pot: PotId,
    /// What the giver gets back.
    amount: Xof,
    stage: DonationStage,
    /// Wave's id of the payment that goes back.
    wave_transaction_id: Option<String>,
    /// Why Wave did not give it back, the last time that it was asked.
    refusal_code: Option<String>,
    sent_at: Option<chrono::DateTime<chrono::Utc>>,
    ended_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<Donation> for Brief {
    fn from(gift: Donation) -> Self {
        let (paid, wave_transaction_id) =
            gift.payment.map(|paid| (paid.amount, paid.wave_transaction_id)).unzip();
        Self {
            donation: gift.id,
            pot: gift.pot,
            amount: paid.unwrap_or(gift.amount),
            stage: gift.stage,
            wave_transaction_id,
            refusal_code: gift.refund_refusal_code,
            sent_at: gift.refund_sent_at,
            ended_at: gift.ended_at,
        }
    }
}

/// The gift that an operator names, if it goes back or has gone back.
async fn named(pool: &Pool, donation: DonationId) -> Result<Brief> {
    let gift = donations::donation(pool, donation).await.context("the gift could not be looked up")?;
    let gift = gift.with_context(|| format!("there is no gift {donation}"))?;
    match gift.stage {
        DonationStage::RefundDue | DonationStage::Refunded => Ok(gift.into()),
        stage => Err(refused(format!("the gift does not go back: it is {stage}"))),
    }
}
