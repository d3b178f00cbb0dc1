//! Giving back what came too late: the intent before Wave is asked, the posting when Wave has done it.

use serde_json::json;
use wolo_domain::donations::{DonationStage, StageError};
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::Transaction;
use wolo_domain::money::Xof;

use super::{DONATIONS, rows};
use crate::outbox::{self, Topic};
use crate::{Error, Pool, ledger};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunding {
    /// The intent is written: ask Wave to refund this checkout.
    Due { checkout_id: String, amount: Xof },
    /// The money has gone back and is in the books.
    Refunded,
}

#[tracing::instrument(name = "db.donations.begin_refund", skip_all, fields(%donation), err)]
pub async fn begin_refund(pool: &Pool, donation: DonationId) -> Result<Refunding, Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    if row.stage == DonationStage::Refunded {
        return Ok(Refunding::Refunded);
    }
    row.stage.refund()?;
    // Wave refunds a checkout, whole; a payment without one cannot have come from us.
    let (Some(checkout), Some(payment)) = (row.checkout, row.payment) else {
        return Err(Error::inconsistent(DONATIONS, "checkout_id", donation));
    };
    sqlx::query!(
        "update money.donations set refund_sent_at = coalesce(refund_sent_at, clock_timestamp())
         where donation_id = $1",
        donation.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Refunding::Due { checkout_id: checkout.id, amount: payment.amount })
}

/// Books that the money has gone back. It must have been meant to.
#[tracing::instrument(name = "db.donations.record_refund", skip_all, fields(%donation), err)]
pub async fn record_refund(pool: &Pool, donation: DonationId) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    if row.stage == DonationStage::Refunded {
        return Ok(());
    }
    let to = row.stage.refund()?;
    if row.refund_sent_at.is_none() {
        return Err(Error::conflict("donations_refunded_after_intent"));
    }
    let Some(payment) = row.payment else {
        return Err(StageError { from: row.stage, to }.into());
    };
    ledger::post(&mut tx, &Transaction::refund(donation, payment.amount)?).await?;
    sqlx::query!(
        "update money.donations set stage = $2, ended_at = clock_timestamp() where donation_id = $1",
        donation.uuid(),
        to.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    let payload = json!({ "donation": donation, "pot": row.pot, "amount": payment.amount });
    outbox::write(&mut tx, Topic::DonationRefunded, &donation.to_string(), row.pot, payload).await?;
    tx.commit().await?;
    Ok(())
}
