//! What makes a proof of another provider good once: nonces that we give out, and access tokens that carry none.

use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::Error;
use crate::rows::interval;

/// How many rows that have expired one new row takes away: more than one, so that there is an end to them.
const SWEPT: i64 = 10;

/// Writes down a nonce that is given out. What has expired makes place for it.
#[tracing::instrument(name = "db.accounts.give_nonce", skip_all, err)]
pub async fn give(connection: &mut PgConnection, nonce_hash: &[u8], lives: TimeDelta) -> Result<(), Error> {
    sweep(connection).await?;
    sqlx::query!(
        "insert into people.sign_in_nonces (nonce_hash, expires_at)
         values ($1, clock_timestamp() + $2::text::interval)",
        nonce_hash,
        interval(lives),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Uses up a nonce that was given out. Of many who try at once, one may: the others wait until it has committed.
#[tracing::instrument(name = "db.accounts.use_nonce", skip_all, err)]
pub async fn use_up(connection: &mut PgConnection, nonce_hash: &[u8]) -> Result<bool, Error> {
    let used = sqlx::query!(
        "update people.sign_in_nonces set used_at = clock_timestamp()
         where nonce_hash = $1 and used_at is null and expires_at > clock_timestamp()",
        nonce_hash,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(used == 1)
}

/// Remembers what nobody gave out as used, for as long as it would be good. Answers false when it was used before.
#[tracing::instrument(name = "db.accounts.take_once", skip_all, err)]
pub async fn take_once(
    connection: &mut PgConnection,
    token_hash: &[u8],
    good_for: TimeDelta,
) -> Result<bool, Error> {
    sweep(connection).await?;
    let taken = sqlx::query!(
        "insert into people.sign_in_nonces (nonce_hash, expires_at, used_at)
         values ($1, clock_timestamp() + $2::text::interval, clock_timestamp())
         on conflict (nonce_hash) do nothing",
        token_hash,
        interval(good_for),
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(taken == 1)
}

/// Passes over what another transaction has in hand.
async fn sweep(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!(
        "delete from people.sign_in_nonces
         where nonce_hash in (
             select nonce_hash from people.sign_in_nonces
             where expires_at < clock_timestamp()
             order by expires_at
             limit $1
             for update skip locked
         )",
        SWEPT,
    )
    .execute(connection)
    .await?;
    Ok(())
}
