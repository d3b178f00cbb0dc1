//! Wave's statement: the one place where the real fees stand, and the other side of our books.
//!
//! Two deeds walk it. One books fees for a payout that waits for them, and no more: a line that is strange is passed over
//! and told to the log, so that one gift's riddle does not keep the fees of all the others from the books. Its own pot keeps
//! waiting for the fee, and in the end says that it needs a person. The other deed compares all of a day, and there a line
//! that is strange becomes a discrepancy.

mod reconciling;
mod walk;

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wolo_database::ledger::{self, FeeBooking, FeeLine};
use wolo_database::{Error as DatabaseError, Pool, reconciliation};
use wolo_providers::wave::{Currency, LineType, StatementLine, Wave};
use wolo_workflows::steps::statements::{
    BookFees, BookFeesStep, BookedFees, FindUncompared, FindUncomparedStep, ReconcileDay, ReconcileDayStep,
    ReconciledDay,
};

use crate::DonationSteps;
use walk::Walk;

pub struct StatementSteps {
    pool: Pool,
    wave: Wave,
    /// Settles a gift that has no process any more.
    donations: Arc<DonationSteps>,
}

/// What booking fees has come to so far.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Fees {
    booked: u64,
}

impl StatementSteps {
    pub fn new(pool: Pool, wave: Wave, donations: Arc<DonationSteps>) -> Self {
        Self { pool, wave, donations }
    }

    /// Whether a line brought a fee that was not in the books.
    async fn book(&self, line: &StatementLine) -> Result<bool, DatabaseError> {
        let (Some(fee), Currency::Xof) = (line.fee, line.currency) else {
            tracing::warn!(
                payment = line.transaction_id,
                "Wave's statement has a gift without a fee in francs"
            );
            return Ok(false);
        };
        let line = FeeLine {
            wave_transaction_id: &line.transaction_id,
            checkout_id: line.checkout_api_session_id.as_deref(),
            client_reference: line.client_reference.as_deref(),
            fee,
        };
        match ledger::book_donation_fee(&self.pool, line).await {
            Ok(FeeBooking::Booked) => Ok(true),
            Ok(FeeBooking::Already | FeeBooking::NotOurs) => Ok(false),
            Ok(FeeBooking::NotInPot { donation, stage }) => {
                tracing::info!(%donation, %stage, "a fee waits: its gift is not in its pot");
                Ok(false)
            }
            Err(error) if error.may_pass() => Err(error),
            Err(error) => {
                tracing::error!(payment = line.wave_transaction_id, %error, "a fee cannot be booked");
                Ok(false)
            }
        }
    }
}

/// A gift through the API; Wave leaves the type empty at times, and then the checkout tells. A payment that was given
/// back shows as a line of its own and took its fee with it.
fn brings_a_fee(line: &StatementLine) -> bool {
    let from_a_checkout = line.checkout_api_session_id.is_some();
    !line.is_reversal
        && match line.transaction_type {
            LineType::ApiCheckout => from_a_checkout || line.client_reference.is_some(),
            LineType::Unknown => from_a_checkout,
            _ => false,
        }
}

#[activities]
impl StatementSteps {
    #[activity(definition = BookFeesStep)]
    pub async fn book_fees(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: BookFees,
    ) -> Result<BookedFees, ActivityError> {
        let mut walk = Walk::<Fees>::begin(&ctx, &self.wave, input.day)?;
        while let Some(page) = walk.page().await? {
            for line in page.lines.iter().filter(|line| brings_a_fee(line)) {
                walk.so_far().booked += u64::from(self.book(line).await?);
            }
            walk.done(page).await?;
        }
        Ok(BookedFees { lines: walk.lines(), booked: walk.so_far().booked })
    }

    #[activity(definition = FindUncomparedStep)]
    pub async fn find_uncompared(
        self: Arc<Self>,
        _ctx: ActivityContext,
        input: FindUncompared,
    ) -> Result<Option<NaiveDate>, ActivityError> {
        if let Some(day) = reconciliation::uncompared(&self.pool, input.before).await?.into_iter().next() {
            return Ok(Some(day));
        }
        Ok(reconciliation::compared_early(&self.pool, input.before).await?.into_iter().next())
    }

    #[activity(definition = ReconcileDayStep)]
    pub async fn reconcile(
        self: Arc<Self>,
        ctx: ActivityContext,
        input: ReconcileDay,
    ) -> Result<ReconciledDay, ActivityError> {
        self.reconcile_day(&ctx, input).await
    }
}
