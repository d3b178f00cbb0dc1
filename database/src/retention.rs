//! What providers and pages told us and what callers were answered is kept as long as it is of use; what cannot be deleted is counted when
//! its time is over.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{Error, Pool};

/// So many rows at once: a portion takes moments, and nobody waits long for its locks.
const PORTION: i64 = 2_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Answers that were kept under somebody's key.
    pub answers: u64,
    /// Events whose words were forgotten. That they came is kept, so that none counts twice.
    pub events: u64,
    /// What people said back, of which no more was kept than that it was heard.
    pub heard: u64,
    /// People who wrote to us so long ago that it counts nothing.
    pub conversations: u64,
    /// What visitors did on our pages.
    pub visits: u64,
    /// What ended processes went through.
    pub histories: u64,
}

/// Does a portion of something after another, until one is not full, and says how much it was.
macro_rules! in_portions {
    ($pool:expr, $before:expr, $portion:literal) => {{
        let mut count = 0;
        loop {
            let done = sqlx::query!($portion, $before, PORTION).execute($pool).await?.rows_affected();
            count += done;
            if done < PORTION.cast_unsigned() {
                break count;
            }
        }
    }};
}

/// The moments before which what had its time goes. Of what has none, nothing goes.
#[derive(Clone, Copy, Debug)]
pub struct Forget {
    pub answers_before: DateTime<Utc>,
    pub hearsay_before: DateTime<Utc>,
    pub visits_before: Option<DateTime<Utc>>,
    pub histories_before: Option<DateTime<Utc>>,
}

/// Forgets what had its time before these moments.
#[tracing::instrument(name = "db.retention.forget", skip_all, err)]
pub async fn forget(pool: &Pool, when: Forget) -> Result<Gone, Error> {
    let Forget { answers_before, hearsay_before, visits_before, histories_before } = when;
    let answers = in_portions!(
        pool,
        answers_before,
        "delete from ops.idempotency_keys where (scope, key) in (
             select scope, key from ops.idempotency_keys where claimed_at < $1 limit $2
         )"
    );
    // One that nobody has dealt with is kept as it came, however old it is.
    let events = in_portions!(
        pool,
        hearsay_before,
        "update ops.webhook_inbox set raw = '' where (provider, event_id) in (
             select provider, event_id from ops.webhook_inbox
             where handled_at < $1 and octet_length(raw) > 0
             limit $2
         )"
    );
    let heard = in_portions!(
        pool,
        hearsay_before,
        "delete from notices.heard where (provider, event_id) in (
             select provider, event_id from notices.heard where heard_at < $1 limit $2
         )"
    );
    let conversations = in_portions!(
        pool,
        hearsay_before,
        "delete from notices.conversations where address in (
             select address from notices.conversations where last_inbound_at < $1 limit $2
         )"
    );
    let visits = match visits_before {
        Some(before) => in_portions!(
            pool,
            before,
            "delete from analytics.events where event_id in (
                 select event_id from analytics.events where at < $1 limit $2
             )"
        ),
        None => 0,
    };
    let histories = match histories_before {
        Some(before) => in_portions!(
            pool,
            before,
            "delete from ops.histories where (workflow_id, run_id) in (
                 select workflow_id, run_id from ops.histories where ended_at < $1 limit $2
             )"
        ),
        None => 0,
    };
    Ok(Gone { answers, events, heard, conversations, visits, histories })
}

/// What is kept by rule and is older than its rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    pub transactions: i64,
    pub certificates: i64,
}

/// Counts the books that are older than this. Nobody deletes them.
#[tracing::instrument(name = "db.retention.overdue", skip_all, err)]
pub async fn overdue(database: impl PgExecutor<'_>, books_before: DateTime<Utc>) -> Result<Overdue, Error> {
    Ok(sqlx::query_as!(
        Overdue,
        r#"select (select count(*) from money.ledger_transactions where posted_at < $1) as "transactions!",
                  (select count(*) from money.certificates where certified_at < $1) as "certificates!""#,
        books_before,
    )
    .fetch_one(database)
    .await?)
}
