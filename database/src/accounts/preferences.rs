//! What messages a person wants.

use sqlx::{PgConnection, PgExecutor};
use wolo_domain::ids::UserId;

use crate::Error;

/// The categories that a person has muted, in the order of their words.
#[tracing::instrument(name = "db.accounts.preferences", skip_all, fields(%user), err)]
pub async fn muted(database: impl PgExecutor<'_>, user: UserId) -> Result<Vec<String>, Error> {
    let muted = sqlx::query_scalar!("select muted from people.preferences where user_id = $1", user.uuid())
        .fetch_optional(database)
        .await?;
    Ok(muted.unwrap_or_default())
}

/// Mutes these categories and no others.
#[tracing::instrument(name = "db.accounts.set_preferences", skip_all, fields(%user), err)]
pub async fn set_muted(
    connection: &mut PgConnection,
    user: UserId,
    categories: &[String],
) -> Result<(), Error> {
    sqlx::query!(
        "insert into people.preferences (user_id, muted) values ($1, $2)
         on conflict (user_id) do update set muted = excluded.muted",
        user.uuid(),
        categories,
    )
    .execute(connection)
    .await?;
    Ok(())
}
