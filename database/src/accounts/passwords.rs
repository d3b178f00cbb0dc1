//! Passwords, as hashes.

use sqlx::{PgConnection, PgExecutor};
use wolo_domain::ids::UserId;

use crate::Error;

/// The hash of an account's password, if it has one.
#[tracing::instrument(name = "db.accounts.password", skip_all, fields(%user), err)]
pub async fn hash(database: impl PgExecutor<'_>, user: UserId) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!("select hash from people.passwords where user_id = $1", user.uuid())
        .fetch_optional(database)
        .await?)
}

/// Sets an account's password.
#[tracing::instrument(name = "db.accounts.set_password", skip_all, fields(%user), err)]
pub async fn set(connection: &mut PgConnection, user: UserId, hash: &str) -> Result<(), Error> {
    sqlx::query!(
        "insert into people.passwords (user_id, hash) values ($1, $2)
         on conflict (user_id) do update set hash = excluded.hash, changed_at = clock_timestamp()",
        user.uuid(),
        hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the same password under a newer hash, unless it was changed in the meantime.
#[tracing::instrument(name = "db.accounts.rehash_password", skip_all, fields(%user), err)]
pub async fn rehash(connection: &mut PgConnection, user: UserId, old: &str, new: &str) -> Result<(), Error> {
    sqlx::query!(
        "update people.passwords set hash = $3 where user_id = $1 and hash = $2",
        user.uuid(),
        old,
        new,
    )
    .execute(connection)
    .await?;
    Ok(())
}
