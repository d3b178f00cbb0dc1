//! Payouts of minors for whom nobody answers any more.

use chrono::{DateTime, Utc};
use wolo_domain::ids::PotId;
use wolo_domain::pots::HoldReason;

use crate::{Error, Pool};

/// Pots that are being paid out and wait for a guardian, and since when, those first that have waited longest. They cannot be given up
/// any more, so nothing but an answer moves them.
#[tracing::instrument(name = "db.payouts.without_consent", skip_all, err)]
pub async fn without_consent(pool: &Pool) -> Result<Vec<(PotId, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select pot_id, since
         from pots.holds
         join pots.pots using (pot_id)
         where pots.stage = 'paying_out' and reason = $1 and released_at is null
         order by since, pot_id",
        HoldReason::Consent.as_str(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (PotId::from_uuid(row.pot_id), row.since)).collect())
}
