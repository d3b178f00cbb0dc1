//! Guesses, counted before anybody looks whether they are right.

use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::Error;
use crate::rows::interval;

/// How many guesses there are, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub guesses: i32,
    /// From the first guess.
    pub window: TimeDelta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// It may be looked at.
    Allowed,
    /// There have been too many; the next window begins after so long.
    TooMany { wait: TimeDelta },
}

/// Counts a guess at something. Commit it before it is looked at: it counts whatever comes of it.
#[tracing::instrument(name = "db.accounts.count_guess", skip_all, err)]
pub async fn count(connection: &mut PgConnection, target: &[u8], limit: Limit) -> Result<Guess, Error> {
    let window = interval(limit.window);
    let row = sqlx::query!(
        r#"insert into people.guesses as known (target, count) values ($1, 1)
           on conflict (target) do update
               set count = case
                       when known.started_at + $2::text::interval < clock_timestamp() then 1
                       else known.count + 1
                   end,
                   started_at = case
                       when known.started_at + $2::text::interval < clock_timestamp() then clock_timestamp()
                       else known.started_at
                   end
           returning count,
                     extract(epoch from started_at + $2::text::interval - clock_timestamp())::bigint as "left!""#,
        target,
        window,
    )
    .fetch_one(connection)
    .await?;
    Ok(if row.count <= limit.guesses {
        Guess::Allowed
    } else {
        Guess::TooMany { wait: TimeDelta::seconds(row.left.max(1)) }
    })
}

/// Somebody guessed right: what came before was theirs.
#[tracing::instrument(name = "db.accounts.forget_guesses", skip_all, err)]
pub async fn forget(connection: &mut PgConnection, target: &[u8]) -> Result<(), Error> {
    sqlx::query!("delete from people.guesses where target = $1", target).execute(connection).await?;
    Ok(())
}
