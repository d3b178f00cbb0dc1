//! Reading donations.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::{DonationId, PotId, UserId};
use wolo_domain::money::Xof;

use super::{Checkout, DONATIONS, Donation, Payment, Waiting};
use crate::rows::{Page, count, word};
use crate::{Error, Pool};

/// Reads the gifts that a condition names, whole.
macro_rules! read_donations {
    ($database:expr, $which:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            DonationRow,
            "select donation_id, pot_id, amount, stage, donor_user_id, donor_name, message, anonymous, checkout_id,
                    wave_launch_url, checkout_opened_at, checkout_expires_at, refusal_code, wave_transaction_id,
                    paid_amount, paid_currency, paid_at, fee, failed_attempts, requested_at, ended_at,
                    refund_sent_at, refund_refusal_code
             from money.donations
             " + $which,
            $($argument),*
        )
        .fetch_all($database)
        .await?
        .into_iter()
        .map(Donation::try_from)
        .collect::<Result<Vec<_>, Error>>()
    };
}

#[tracing::instrument(name = "db.donations.donation", skip_all, fields(%donation), err)]
pub async fn donation(
    database: impl PgExecutor<'_>,
    donation: DonationId,
) -> Result<Option<Donation>, Error> {
    Ok(read_donations!(database, "where donation_id = $1", donation.uuid())?.pop())
}

/// The gift, locked until the transaction ends: whoever else wants to end it waits.
pub(super) async fn lock(connection: &mut PgConnection, donation: DonationId) -> Result<Donation, Error> {
    let mut found = read_donations!(connection, "where donation_id = $1 for update", donation.uuid())?;
    found.pop().ok_or_else(|| Error::missing(DONATIONS, donation))
}

/// A pot's gifts, the last asked for first, whatever their stage.
#[tracing::instrument(name = "db.donations.of_pot", skip_all, fields(%pot), err)]
pub async fn of_pot(pool: &Pool, pot: PotId, page: Page<DonationId>) -> Result<Vec<Donation>, Error> {
    read_donations!(
        pool,
        "where pot_id = $1
           and ($2::uuid is null or (requested_at, donation_id) < (
               select requested_at, donation_id from money.donations where donation_id = $2
           ))
         order by requested_at desc, donation_id desc
         limit $3",
        pot.uuid(),
        page.after.map(DonationId::uuid),
        page.rows(),
    )
}

/// A pot's gifts that wait for their payment, by id.
#[tracing::instrument(name = "db.donations.requested_of_pot", skip_all, fields(%pot), err)]
pub async fn requested_of_pot(
    pool: &Pool,
    pot: PotId,
    page: Page<DonationId>,
) -> Result<Vec<Waiting>, Error> {
    let rows = sqlx::query!(
        "select donation_id, checkout_id
         from money.donations
         where pot_id = $1 and stage = 'requested' and ($2::uuid is null or donation_id > $2)
         order by donation_id
         limit $3",
        pot.uuid(),
        page.after.map(DonationId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting { donation: DonationId::from_uuid(row.donation_id), checkout_id: row.checkout_id })
        .collect())
}

/// A pot's gifts that are due to go back, by id.
#[tracing::instrument(name = "db.donations.due_of_pot", skip_all, fields(%pot), err)]
pub async fn due_of_pot(pool: &Pool, pot: PotId, page: Page<DonationId>) -> Result<Vec<DonationId>, Error> {
    let ids = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         where pot_id = $1 and stage = 'refund_due' and ($2::uuid is null or donation_id > $2)
         order by donation_id
         limit $3",
        pot.uuid(),
        page.after.map(DonationId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(DonationId::from_uuid).collect())
}

/// The gifts that a pot which is given up still has to give back, by id: those in it, and those that are on their way.
#[tracing::instrument(name = "db.donations.going_back", skip_all, fields(%pot), err)]
pub async fn going_back(pool: &Pool, pot: PotId, page: Page<DonationId>) -> Result<Vec<DonationId>, Error> {
    let ids = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         where pot_id = $1 and stage in ('confirmed', 'refund_due') and ($2::uuid is null or donation_id > $2)
         order by donation_id
         limit $3",
        pot.uuid(),
        page.after.map(DonationId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(DonationId::from_uuid).collect())
}

/// Gifts that go back or have gone back, the last asked for first: all of them, or those of a pot, or those that Wave did
/// not give back when it was asked.
#[tracing::instrument(name = "db.donations.refunds", skip_all, err)]
pub async fn refunds(
    pool: &Pool,
    pot: Option<PotId>,
    only_refused: bool,
    page: Page<DonationId>,
) -> Result<Vec<Donation>, Error> {
    read_donations!(
        pool,
        "where stage in ('refund_due', 'refunded')
           and ($1::uuid is null or pot_id = $1)
           and (not $2 or refund_refusal_code is not null)
           and ($3::uuid is null or (requested_at, donation_id) < (
               select requested_at, donation_id from money.donations where donation_id = $3
           ))
         order by requested_at desc, donation_id desc
         limit $4",
        pot.map(PotId::uuid),
        only_refused,
        page.after.map(DonationId::uuid),
        page.rows(),
    )
}

struct DonationRow {
    donation_id: Uuid,
    pot_id: Uuid,
    amount: i64,
    stage: String,
    donor_user_id: Option<Uuid>,
    donor_name: Option<String>,
    message: Option<String>,
    anonymous: bool,
    checkout_id: Option<String>,
    wave_launch_url: Option<String>,
    checkout_opened_at: Option<DateTime<Utc>>,
    checkout_expires_at: Option<DateTime<Utc>>,
    refusal_code: Option<String>,
    wave_transaction_id: Option<String>,
    paid_amount: Option<i64>,
    paid_currency: Option<String>,
    paid_at: Option<DateTime<Utc>>,
    fee: Option<i64>,
    failed_attempts: i32,
    requested_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    refund_sent_at: Option<DateTime<Utc>>,
    refund_refusal_code: Option<String>,
}

impl TryFrom<DonationRow> for Donation {
    type Error = Error;

    fn try_from(row: DonationRow) -> Result<Self, Error> {
        let id = DonationId::from_uuid(row.donation_id);
        let checkout =
            match (row.checkout_id, row.wave_launch_url, row.checkout_opened_at, row.checkout_expires_at) {
                (Some(id), Some(wave_launch_url), Some(opened_at), Some(expires_at)) => {
                    Some(Checkout { id, wave_launch_url, opened_at, expires_at })
                }
                (None, None, None, None) => None,
                _ => return Err(Error::inconsistent(DONATIONS, "checkout_id", id)),
            };
        let payment = match (row.wave_transaction_id, row.paid_amount, row.paid_currency, row.paid_at) {
            (Some(wave_transaction_id), Some(amount), Some(currency), Some(at)) => {
                Some(Payment { wave_transaction_id, amount: Xof::new(amount), currency, at })
            }
            (None, None, None, None) => None,
            _ => return Err(Error::inconsistent(DONATIONS, "wave_transaction_id", id)),
        };
        Ok(Self {
            id,
            pot: PotId::from_uuid(row.pot_id),
            amount: Xof::new(row.amount),
            stage: word(&row.stage, DONATIONS, "stage", id)?,
            donor_user: row.donor_user_id.map(UserId::from_uuid),
            donor_name: row.donor_name,
            message: row.message,
            anonymous: row.anonymous,
            checkout,
            refusal_code: row.refusal_code,
            payment,
            fee: row.fee.map(Xof::new),
            failed_attempts: count(row.failed_attempts, DONATIONS, "failed_attempts", id)?,
            requested_at: row.requested_at,
            ended_at: row.ended_at,
            refund_sent_at: row.refund_sent_at,
            refund_refusal_code: row.refund_refusal_code,
        })
    }
}
