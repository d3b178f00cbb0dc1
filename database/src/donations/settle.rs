//! The end of a gift: paid, paid too late, paid oddly, or not paid.

use serde_json::json;
use sqlx::PgConnection;
use wolo_domain::dakar;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::donations::{DonationStage, StageError};
use wolo_domain::evidence::gifts::{self, Destination};
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Transaction;
use wolo_domain::pots::PotStage;

use super::{DONATIONS, Donation, Payment, rows};
use crate::discrepancies::{self, Found};
use crate::outbox::{self, Topic};
use crate::pots::{self, Lock};
use crate::{Error, Pool, ledger};

/// Books a payment: into the pot, as due to go back when the pot had closed before it was made, or as suspense when
/// it is not what was asked for. The answer is the gift's stage; a gift that was booked before answers with the stage
/// it has now.
///
/// A gift that was written off as expired and turns out to be paid came too late: its money goes back.
///
/// Refused loudly: a second, different payment for a gift. That money is somebody's and belongs to no stage, so a
/// person must look.
#[tracing::instrument(name = "db.donations.confirm", skip_all, fields(%donation), err)]
pub async fn confirm(
    pool: &Pool,
    donation: DonationId,
    payment: &Payment,
    failed_attempts: u32,
) -> Result<DonationStage, Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    if let Some(booked) = &row.payment {
        return if booked.wave_transaction_id == payment.wave_transaction_id
            && booked.amount == payment.amount
            && booked.currency == payment.currency
        {
            Ok(row.stage)
        } else {
            Err(Error::inconsistent(DONATIONS, "wave_transaction_id", donation))
        };
    }
    let was_open = row.stage == DonationStage::Requested;
    if !was_open && row.stage != DonationStage::Expired {
        return Err(StageError { from: row.stage, to: DonationStage::Confirmed }.into());
    }

    let as_asked = payment.is_what_was_asked(row.amount);
    // The pot is asked, and relied on, only where it decides.
    let in_time = as_asked && was_open && came_in_time(&mut tx, row.pot, payment).await?;
    let (stage, destination) = gifts::destination(row.stage, as_asked, in_time)?;
    let wave_id = payment.wave_transaction_id.clone();
    let (topic, posting) = match destination {
        Destination::Pot => {
            (Topic::DonationConfirmed, Transaction::donation(donation, row.pot, payment.amount, wave_id)?)
        }
        Destination::Giver => {
            (Topic::DonationRefundDue, Transaction::late_donation(donation, payment.amount, wave_id)?)
        }
        Destination::Suspense => {
            (Topic::DonationSuspended, Transaction::odd_donation(donation, payment.amount, wave_id)?)
        }
    };
    ledger::post(&mut tx, &posting).await?;
    if stage == DonationStage::Suspended {
        discrepancies::write(&mut tx, &[odd(&row, payment)]).await?;
    }
    write_payment(&mut tx, &row, stage, payment, failed_attempts).await?;
    let payload = json!({ "donation": donation, "pot": row.pot, "amount": payment.amount });
    outbox::write(&mut tx, topic, &donation.to_string(), row.pot, payload).await?;
    tx.commit().await?;
    Ok(stage)
}

/// Money that is nobody's has an owner from the moment in which it is booked.
fn odd(row: &Donation, payment: &Payment) -> Found {
    Found {
        kind: DiscrepancyKind::OddGift,
        key: row.id.to_string(),
        day: dakar::day_of(payment.at),
        reason: format!("{} was paid for {}, which was asked to be {}", payment.amount, row.id, row.amount),
        facts: json!({
            "about": row.id,
            "wave_transaction": payment.wave_transaction_id,
            "at": payment.at,
            "paid": payment.amount,
            "asked": row.amount,
        }),
        suspense: payment.amount,
    }
}

/// Whether the payment was made while the pot took gifts.
async fn came_in_time(connection: &mut PgConnection, pot: PotId, payment: &Payment) -> Result<bool, Error> {
    // Shared until the commit: a payout is planned either before this gift or with it, never around it.
    let stage = pots::lock(connection, pot, Lock::ToRelyOn).await?;
    let closing = if stage == PotStage::Closed {
        sqlx::query_scalar!("select closing_recorded_at from pots.pots where pot_id = $1", pot.uuid())
            .fetch_one(connection)
            .await?
    } else {
        None
    };
    gifts::came_in_time(stage, closing, payment.at).ok_or_else(|| match stage {
        PotStage::Closed => Error::inconsistent("pots.pots", "closing_recorded_at", pot),
        // Nobody could have asked.
        _ => Error::inconsistent("pots.pots", "stage", pot),
    })
}

async fn write_payment(
    connection: &mut PgConnection,
    row: &Donation,
    stage: DonationStage,
    payment: &Payment,
    failed_attempts: u32,
) -> Result<(), Error> {
    sqlx::query!(
        "update money.donations
         set stage = $2, wave_transaction_id = $3, paid_amount = $4, paid_currency = $5, paid_at = $6,
             failed_attempts = greatest(failed_attempts, $7),
             ended_at = case when $8 then clock_timestamp() end
         where donation_id = $1",
        row.id.uuid(),
        stage.as_str(),
        payment.wave_transaction_id,
        payment.amount.francs(),
        payment.currency,
        payment.at,
        i32::try_from(failed_attempts).unwrap_or(i32::MAX),
        !stage.is_open(),
    )
    .execute(connection)
    .await
    .map_err(|error| match &error {
        // Wave's payment is booked for another gift already.
        sqlx::Error::Database(refusal) if refusal.constraint() == Some("donations_one_per_payment") => {
            Error::inconsistent(DONATIONS, "wave_transaction_id", row.id)
        }
        _ => error.into(),
    })?;
    Ok(())
}

/// Ends a gift that was not paid and cannot be any more. A gift that has ended otherwise answers with its stage.
#[tracing::instrument(name = "db.donations.expire", skip_all, fields(%donation), err)]
pub async fn expire(pool: &Pool, donation: DonationId, failed_attempts: u32) -> Result<DonationStage, Error> {
    let mut tx = pool.begin().await?;
    let row = rows::lock(&mut tx, donation).await?;
    if row.stage != DonationStage::Requested {
        return Ok(row.stage);
    }
    let to = row.stage.expire()?;
    sqlx::query!(
        "update money.donations
         set stage = $2, failed_attempts = greatest(failed_attempts, $3), ended_at = clock_timestamp()
         where donation_id = $1",
        donation.uuid(),
        to.as_str(),
        i32::try_from(failed_attempts).unwrap_or(i32::MAX),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(to)
}
