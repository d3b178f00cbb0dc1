//! Gifts that somebody gave back in Wave's portal, as their line tells.
//!
//! Our books must in the end have one posting of what left the wallet, whoever else wants the gift to go back. So the line is
//! not booked as money that nobody knows: under the lock of the gift's row it becomes the gift's refund. Only where the pot has
//! begun to pay its owner it cannot; then the money stands in suspense, and what the pot has not ordered yet waits for finance.

use chrono::NaiveDate;
use sqlx::PgConnection;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::{DonationId, PotId};
use wolo_domain::ledger::Transaction;
use wolo_domain::reconciliation::{Line, Verdict};

use super::facts_of;
use crate::discrepancies::{self, Found};
use crate::donations::{WentBack, went_back};
use crate::ledger::post_all;
use crate::{Error, Pool};

/// What became of a gift that was given back by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakingOut {
    /// It has left its pot and gone back.
    Left,
    /// It was on its way back, or is back.
    Stood,
    /// Its pot is on its way to its owner: what left stands in suspense. Whether that was not known before.
    InSuspense { is_new: bool },
}

/// Takes a gift out of its pot that Wave has given back, as this line says.
#[tracing::instrument(name = "db.reconciliation.take_out", skip_all, fields(donation = %gift, line = line.wave_id), err)]
pub async fn take_out(
    pool: &Pool,
    day: NaiveDate,
    gift: DonationId,
    line: &Line,
) -> Result<TakingOut, Error> {
    let mut tx = pool.begin().await?;
    let taken = match went_back(&mut tx, gift, &line.wave_id).await? {
        WentBack::Now => TakingOut::Left,
        WentBack::Already => TakingOut::Stood,
        WentBack::PaidOut => {
            let found = Found {
                kind: DiscrepancyKind::RefundByHand,
                key: line.wave_id.clone(),
                day,
                reason: format!(
                    "{gift} was given back, and not by us, when its pot was on its way to its owner"
                ),
                facts: facts_of(line, &Verdict::GivenBack { gift }),
                suspense: line.amount,
            };
            let written = discrepancies::write(&mut tx, &[found]).await?;
            post_all(&mut tx, &[Transaction::unmatched(line.wave_id.clone(), line.amount)?]).await?;
            TakingOut::InSuspense { is_new: written.opened > 0 }
        }
    };
    tx.commit().await?;
    Ok(taken)
}

/// Whether a gift of this pot was given back by hand too late, and finance has not said yet who bears it.
pub(crate) async fn lacks_a_gift(connection: &mut PgConnection, pot: PotId) -> Result<bool, Error> {
    let lacks = sqlx::query_scalar!(
        r#"select exists (
               select from money.discrepancies
               join money.donations
                   on facts ->> 'about' = 'refund/don_' || replace(donation_id::text, '-', '')
               where kind = 'refund_by_hand' and resolved_at is null and pot_id = $1 and stage = 'confirmed'
           ) as "lacks!""#,
        pot.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok(lacks)
}
