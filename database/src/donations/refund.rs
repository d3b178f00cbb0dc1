//! Giving a gift back: that it is due, the intent before Wave is asked, and the posting when Wave has done it.
//!
//! A gift that came too late is due from the moment it is booked. One that is in a pot which is given up leaves the pot
//! first, with the fee that the pot has borne for it: Wave gives that back to us together with the gift. And one that somebody
//! gave back in Wave's portal leaves its pot when the statement tells of it.

use serde_json::json;
use sqlx::PgConnection;
use wolo_domain::donations::{DonationStage, StageError};
use wolo_domain::ids::DonationId;
use wolo_domain::ledger::Transaction;
use wolo_domain::money::Xof;
use wolo_domain::pots::PotStage;

use super::{DONATIONS, Donation, Payment, rows};
use crate::outbox::{self, Topic};
use crate::pots::{self, Lock};
use crate::{Error, Pool, ledger, points};

/// Where a gift stands that its pot gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakingBack {
    Due,
    /// The money has gone back and is in the books.
    Refunded,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunding {
    /// The intent is written: ask Wave to refund this checkout.
    Due { checkout_id: String, amount: Xof },
    /// The money has gone back and is in the books.
    Refunded,
}

/// Takes a gift out of a pot that is given up.
#[tracing::instrument(name = "db.donations.take_back", skip_all, fields(%donation), err)]
pub async fn take_back(pool: &Pool, donation: DonationId) -> Result<TakingBack, Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    match row.stage {
        DonationStage::RefundDue => return Ok(TakingBack::Due),
        DonationStage::Refunded => return Ok(TakingBack::Refunded),
        _ => {}
    }
    let to = row.stage.take_back()?;
    if pots::lock(&mut tx, row.pot, Lock::ToRelyOn).await? != PotStage::Cancelling {
        return Err(Error::conflict("donations_leave_a_pot_that_is_given_up"));
    }
    let payment = paid(&row, to)?;
    let net = net_of(&row, payment)?;
    if net.is_positive() {
        ledger::post(&mut tx, &Transaction::refund_owed(donation, row.pot, net)?).await?;
    }
    sqlx::query!(
        "update money.donations set stage = $2, ended_at = null where donation_id = $1",
        donation.uuid(),
        to.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    points::revoke_for_gift(&mut tx, donation).await?;
    tell(&mut tx, Topic::DonationRefundDue, &row, payment).await?;
    tx.commit().await?;
    Ok(TakingBack::Due)
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
    let payment = paid(&row, to)?;
    let net = net_of(&row, payment)?;
    if net.is_positive() {
        ledger::post(&mut tx, &Transaction::refund(donation, net)?).await?;
    }
    sqlx::query!(
        "update money.donations set stage = $2, refund_refusal_code = null, ended_at = clock_timestamp()
         where donation_id = $1",
        donation.uuid(),
        to.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    tell(&mut tx, Topic::DonationRefunded, &row, payment).await?;
    tx.commit().await?;
    Ok(())
}

/// Where a gift stands that somebody gave back in Wave's portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WentBack {
    /// It has left its pot, and its giver has it.
    Now,
    /// It is, or was, on its way back already: one posting is enough for what Wave does once.
    Already,
    /// It is in a pot that pays it to its owner, or has. It cannot be taken out any more.
    PaidOut,
}

/// Books that Wave gave a gift back which was in its pot, though none of us had asked. All of it is one transaction with
/// what the caller does if the pot cannot give it any more: whoever wants the gift to go back meanwhile waits for the row.
pub(crate) async fn went_back(
    connection: &mut PgConnection,
    donation: DonationId,
    wave_id: &str,
) -> Result<WentBack, Error> {
    let row = rows::lock(connection, donation).await?;
    if matches!(row.stage, DonationStage::RefundDue | DonationStage::Refunded) {
        return Ok(WentBack::Already);
    }
    let to = row.stage.take_back()?.refund()?;
    if pots::lock(connection, row.pot, Lock::ToRelyOn).await?.cancel().is_err() {
        return Ok(WentBack::PaidOut);
    }
    let payment = paid(&row, to)?;
    let net = net_of(&row, payment)?;
    if net.is_positive() {
        ledger::post(connection, &Transaction::refund_owed(donation, row.pot, net)?).await?;
        ledger::post(connection, &Transaction::refund_by_hand(donation, net, wave_id.to_owned())?).await?;
    }
    sqlx::query!(
        "update money.donations
         set stage = $2, refund_sent_at = clock_timestamp(), ended_at = clock_timestamp()
         where donation_id = $1",
        donation.uuid(),
        to.as_str(),
    )
    .execute(&mut *connection)
    .await?;
    points::revoke_for_gift(connection, donation).await?;
    let by_hand = json!({ "donation": row.id, "pot": row.pot, "amount": payment.amount, "by_hand": true });
    outbox::write(connection, Topic::DonationRefunded, &row.id.to_string(), row.pot, by_hand).await?;
    Ok(WentBack::Now)
}

/// Writes down that Wave did not give a gift back when it was asked. The money is still due. One that has gone back
/// meanwhile stays so.
#[tracing::instrument(name = "db.donations.refuse_refund", skip_all, fields(%donation, code), err)]
pub async fn refuse_refund(pool: &Pool, donation: DonationId, code: &str) -> Result<DonationStage, Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    if row.stage == DonationStage::Refunded {
        return Ok(row.stage);
    }
    row.stage.refund()?;
    sqlx::query!(
        "update money.donations set refund_refusal_code = $2 where donation_id = $1",
        donation.uuid(),
        code,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(row.stage)
}

fn paid(row: &Donation, to: DonationStage) -> Result<&Payment, Error> {
    row.payment.as_ref().ok_or_else(|| StageError { from: row.stage, to }.into())
}

/// What a gift has added to our wallet as far as the books know, and what is missing there once it has gone back.
fn net_of(row: &Donation, payment: &Payment) -> Result<Xof, Error> {
    let net = payment.amount.checked_sub(row.fee.unwrap_or(Xof::ZERO));
    net.ok_or_else(|| Error::inconsistent(DONATIONS, "fee", row.id))
}

async fn tell(
    connection: &mut PgConnection,
    topic: Topic,
    row: &Donation,
    payment: &Payment,
) -> Result<(), Error> {
    let payload = json!({ "donation": row.id, "pot": row.pot, "amount": payment.amount });
    outbox::write(connection, topic, &row.id.to_string(), row.pot, payload).await
}
