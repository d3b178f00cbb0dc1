//! Gifts that wait for something, whatever pot they were given to: for who looks whether each still has its process.

use chrono::{DateTime, Utc};
use wolo_domain::ids::{DonationId, PotId};

use crate::rows::Page;
use crate::{Error, Pool};

/// Gifts that are due to go back, each with its pot.
#[tracing::instrument(name = "db.donations.due", skip_all, err)]
pub async fn due(pool: &Pool, page: Page<DonationId>) -> Result<Vec<(DonationId, PotId)>, Error> {
    let rows = sqlx::query!(
        "select donation_id, pot_id
         from money.donations
         where stage = 'refund_due'
           and ($1::uuid is null or (pot_id, donation_id) > (
               select pot_id, donation_id from money.donations where donation_id = $1
           ))
         order by pot_id, donation_id
         limit $2",
        page.after.map(DonationId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (DonationId::from_uuid(row.donation_id), PotId::from_uuid(row.pot_id)))
        .collect())
}

/// Gifts that are neither paid nor ended although their page ended before this instant; one without a page was asked for
/// before it.
#[tracing::instrument(name = "db.donations.overdue", skip_all, err)]
pub async fn overdue(
    pool: &Pool,
    before: DateTime<Utc>,
    page: Page<DonationId>,
) -> Result<Vec<DonationId>, Error> {
    let ids = sqlx::query_scalar!(
        "select donation_id
         from money.donations
         where stage = 'requested' and coalesce(checkout_expires_at, requested_at) < $1
           and ($2::uuid is null or (pot_id, donation_id) > (
               select pot_id, donation_id from money.donations where donation_id = $2
           ))
         order by pot_id, donation_id
         limit $3",
        before,
        page.after.map(DonationId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(DonationId::from_uuid).collect())
}
