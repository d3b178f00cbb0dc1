//! Wave's part of a gift, as its statement tells it.

use wolo_domain::donations::DonationStage;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Transaction;
use wolo_domain::money::Xof;

use crate::ledger::post;
use crate::rows::word;
use crate::{Error, Pool};

const DONATIONS: &str = "money.donations";

/// A line of Wave's statement: how it names the payment, and what it kept of it.
#[derive(Clone, Copy, Debug)]
pub struct FeeLine<'a> {
    pub wave_transaction_id: &'a str,
    pub checkout_id: Option<&'a str>,
    /// What we gave Wave as our reference.
    pub client_reference: Option<&'a str>,
    /// Zero is an answer: this gift cost nothing.
    pub fee: Xof,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeBooking {
    Booked,
    Already,
    /// The line is about no gift of ours.
    NotOurs,
    /// The gift is ours and not in its pot, so the pot cannot bear its fee. A gift that is still requested has been
    /// paid without our having heard: confirm it first.
    NotInPot {
        donation: DonationId,
        stage: DonationStage,
    },
}

/// Books Wave's fee on a gift, once. Another fee for the same gift is an inconsistency.
#[tracing::instrument(name = "db.ledger.book_donation_fee", skip_all, fields(payment = line.wave_transaction_id), err)]
pub async fn book_donation_fee(pool: &Pool, line: FeeLine<'_>) -> Result<FeeBooking, Error> {
    let mut tx = pool.begin().await?;
    let ours = line.client_reference.and_then(|text| text.parse::<DonationId>().ok());
    let found = sqlx::query!(
        "select donation_id, pot_id, stage, fee, wave_transaction_id
         from money.donations
         where wave_transaction_id = $1 or checkout_id = $2 or donation_id = $3
         for update",
        line.wave_transaction_id,
        line.checkout_id,
        ours.map(DonationId::uuid),
    )
    .fetch_all(&mut *tx)
    .await?;
    let row = match found.as_slice() {
        [] => return Ok(FeeBooking::NotOurs),
        [row] => row,
        // Wave's three names for one payment lead to different gifts.
        _ => return Err(Error::inconsistent(DONATIONS, "wave_transaction_id", line.wave_transaction_id)),
    };
    let donation = DonationId::from_uuid(row.donation_id);
    let stage: DonationStage = word(&row.stage, DONATIONS, "stage", donation)?;
    if stage != DonationStage::Confirmed {
        return Ok(FeeBooking::NotInPot { donation, stage });
    }
    if row.wave_transaction_id.as_deref() != Some(line.wave_transaction_id) {
        return Err(Error::inconsistent(DONATIONS, "wave_transaction_id", donation));
    }
    match row.fee {
        Some(fee) if fee == line.fee.francs() => return Ok(FeeBooking::Already),
        Some(_) => return Err(Error::inconsistent(DONATIONS, "fee", donation)),
        None => {}
    }
    sqlx::query!(
        "update money.donations set fee = $2 where donation_id = $1",
        donation.uuid(),
        line.fee.francs(),
    )
    .execute(&mut *tx)
    .await?;
    if !line.fee.is_zero() {
        post(&mut tx, &Transaction::donation_fee(donation, PotId::from_uuid(row.pot_id), line.fee)?).await?;
    }
    tx.commit().await?;
    Ok(FeeBooking::Booked)
}
