//! A pot's gifts as its page shows them. A gift's id is not among what is read: whoever names it is told of its payment.

use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;

use crate::Error;
use crate::rows::Page;

/// A gift that has arrived.
#[derive(Clone)]
pub struct Shown {
    pub name: Option<String>,
    pub message: Option<String>,
    pub anonymous: bool,
    pub amount: Xof,
    /// When it was asked for. The list goes on after this.
    pub at: DateTime<Utc>,
}

/// Personal, all of it.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown(…)")
    }
}

/// Reads the gifts that have arrived in a pot and that a condition keeps, the last asked for first.
macro_rules! read_shown {
    ($connection:expr, $pot:expr, $page:expr, $which:literal) => {{
        let gifts = sqlx::query_as!(
            ShownRow,
            "select donor_name, message, anonymous, amount, requested_at
             from money.donations
             where pot_id = $1 and stage = 'confirmed' and ($2::timestamptz is null or requested_at < $2)"
                + $which
                + " order by requested_at desc limit $3",
            $pot.uuid(),
            $page.after,
            $page.rows(),
        )
        .fetch_all($connection)
        .await?;
        Ok(gifts.into_iter().map(Shown::from).collect())
    }};
}

/// The gifts that have arrived in a pot that is `shown`, the last asked for first.
#[tracing::instrument(name = "db.donations.shown", skip_all, fields(%pot), err)]
pub async fn shown(
    connection: &mut PgConnection,
    pot: PotId,
    page: Page<DateTime<Utc>>,
) -> Result<Vec<Shown>, Error> {
    read_shown!(connection, pot, page, "")
}

/// The same, of those that came with a wish.
#[tracing::instrument(name = "db.donations.wishes", skip_all, fields(%pot), err)]
pub async fn wishes(
    connection: &mut PgConnection,
    pot: PotId,
    page: Page<DateTime<Utc>>,
) -> Result<Vec<Shown>, Error> {
    read_shown!(connection, pot, page, " and message is not null")
}

struct ShownRow {
    donor_name: Option<String>,
    message: Option<String>,
    anonymous: bool,
    amount: i64,
    requested_at: DateTime<Utc>,
}

impl From<ShownRow> for Shown {
    fn from(row: ShownRow) -> Self {
        Self {
            name: row.donor_name,
            message: row.message,
            anonymous: row.anonymous,
            amount: Xof::new(row.amount),
            at: row.requested_at,
        }
    }
}
