//! Wave's statement: the one place where the real fees stand.
//!
//! A line that is strange is passed over and told to the log, so that one gift's riddle does not keep the fees of all the
//! others from the books. Its own pot keeps waiting for the fee, and in the end says that it needs a person.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use temporalio_macros::activities;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tracing::Instrument as _;
use wolo_database::ledger::{self, FeeBooking, FeeLine};
use wolo_database::{Error as DatabaseError, Pool};
use wolo_providers::wave::{Currency, StatementLine, TransactionType, Wave};
use wolo_workflows::steps::statements::{BookFees, BookFeesStep, BookedFees};

use crate::failure;

pub struct StatementSteps {
    pool: Pool,
    wave: Wave,
}

/// How far a walk has come: what an attempt that takes over needs to know.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Walked {
    /// Wave's cursor after the last page that was booked.
    after: Option<String>,
    lines: u64,
    booked: u64,
}

/// A walk that is not needed any more, or whose worker stops. The next attempt goes on where this one was.
#[derive(Debug, thiserror::Error)]
#[error("the walk through Wave's statement was interrupted")]
struct Interrupted;

impl StatementSteps {
    pub fn new(pool: Pool, wave: Wave) -> Self {
        Self { pool, wave }
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

    /// Books one page; the answer says whether there is another.
    async fn walk_page(&self, day: NaiveDate, walked: &mut Walked) -> Result<bool, ActivityError> {
        let page = self.wave.statement_page(day, walked.after.as_deref()).await.map_err(failure::wave)?;
        for line in page.lines.iter().filter(|line| brings_a_fee(line)) {
            walked.booked += u64::from(self.book(line).await?);
        }
        for line in &page.unreadable {
            tracing::error!(
                %day, index = line.index, payment = line.transaction_id,
                "a line of Wave's statement cannot be read"
            );
        }
        walked.lines += (page.lines.len() + page.unreadable.len()) as u64;
        walked.after = page.next;
        Ok(walked.after.is_some())
    }
}

/// A gift through the API; Wave leaves the type empty at times, and then the checkout tells. A payment that was given
/// back shows as a line of its own and took its fee with it.
fn brings_a_fee(line: &StatementLine) -> bool {
    let from_a_checkout = line.checkout_api_session_id.is_some();
    !line.is_reversal
        && match line.transaction_type {
            TransactionType::ApiCheckout => from_a_checkout || line.client_reference.is_some(),
            TransactionType::Unknown => from_a_checkout,
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
        let day = input.day;
        let mut walked: Walked = ctx.heartbeat_details().deserialize()?.unwrap_or_default();
        let span = tracing::info_span!("wave.statement.walk", %day);
        async move {
            while self.walk_page(day, &mut walked).await? {
                ctx.record_heartbeat(walked.clone()).await?;
                if ctx.is_cancelled() {
                    return Err(failure::retry(failure::INTERRUPTED, Interrupted));
                }
            }
            Ok(BookedFees { lines: walked.lines, booked: walked.booked })
        }
        .instrument(span)
        .await
    }
}
