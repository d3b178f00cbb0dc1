//! The second factor: a shared secret, sealed by the caller, and codes for the day on which the device is lost.

use sqlx::{PgConnection, PgExecutor};
use wolo_domain::ids::UserId;

use crate::Error;

/// A second factor as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    pub sealed_secret: Vec<u8>,
    /// Its holder has shown that the device has it.
    pub confirmed: bool,
}

#[tracing::instrument(name = "db.accounts.second_factor", skip_all, fields(%user), err)]
pub async fn of_user(database: impl PgExecutor<'_>, user: UserId) -> Result<Option<SecondFactor>, Error> {
    let row = sqlx::query!(
        r#"select secret, confirmed_at is not null as "confirmed!" from people.second_factors where user_id = $1"#,
        user.uuid(),
    )
    .fetch_optional(database)
    .await?;
    Ok(row.map(|row| SecondFactor { sealed_secret: row.secret, confirmed: row.confirmed }))
}

/// Begins to set one up. Answers false, and changes nothing, when there is one that is confirmed.
#[tracing::instrument(name = "db.accounts.enrol_second_factor", skip_all, fields(%user), err)]
pub async fn enrol(
    connection: &mut PgConnection,
    user: UserId,
    sealed_secret: &[u8],
    recovery_hashes: &[Vec<u8>],
) -> Result<bool, Error> {
    let enrolled = sqlx::query!(
        "insert into people.second_factors as known (user_id, secret) values ($1, $2)
         on conflict (user_id) do update set secret = excluded.secret, last_step = 0
             where known.confirmed_at is null",
        user.uuid(),
        sealed_secret,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if enrolled == 0 {
        return Ok(false);
    }
    sqlx::query!("delete from people.recovery_codes where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "insert into people.recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])",
        user.uuid(),
        recovery_hashes,
    )
    .execute(connection)
    .await?;
    Ok(true)
}

/// Lets a code of a time step count, once. It confirms the factor too: its holder has the secret.
#[tracing::instrument(name = "db.accounts.use_step", skip_all, fields(%user), err)]
pub async fn use_step(connection: &mut PgConnection, user: UserId, step: i64) -> Result<bool, Error> {
    let counted = sqlx::query!(
        "update people.second_factors
         set last_step = $2, confirmed_at = coalesce(confirmed_at, clock_timestamp())
         where user_id = $1 and last_step < $2",
        user.uuid(),
        step,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(counted == 1)
}

/// Uses a recovery code, once.
#[tracing::instrument(name = "db.accounts.use_recovery_code", skip_all, fields(%user), err)]
pub async fn use_recovery_code(
    connection: &mut PgConnection,
    user: UserId,
    code_hash: &[u8],
) -> Result<bool, Error> {
    let counted = sqlx::query!(
        "update people.recovery_codes set used_at = clock_timestamp()
         where user_id = $1 and code_hash = $2 and used_at is null",
        user.uuid(),
        code_hash,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(counted == 1)
}
