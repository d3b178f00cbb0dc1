//! A caller's own key for a request: the same key asks for the same thing, and gets the same answer.
//!
//! The id of what is made is fixed with the claim, before anything is made. So when a claimant dies, whoever takes
//! the key over makes *the same* thing again, and the thing's own rules turn that into one effect.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;

use crate::{Context, Error, Pool};

/// One request under a key.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Whose key, and for what.
    pub scope: &'a str,
    pub key: &'a str,
    /// A hash of the request.
    pub fingerprint: &'a [u8],
    /// The id to use if the key is new.
    pub subject: &'a str,
    /// A claim that is older than this and has no answer belongs to somebody who died.
    pub abandoned_after: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The key is new: go on, with this id.
    Fresh { subject: String },
    /// The request was answered before: give the same answer.
    Replay(Answer),
    /// Somebody is at it.
    InFlight,
    /// Somebody was at it and died: go on, with the id they had.
    TakenOver { subject: String },
    /// The key was used for another request.
    Mismatch,
}

/// An answer as it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    /// What it is written in, as a tag: the caller of a repetition may prefer another.
    pub language: Option<String>,
    pub body: Vec<u8>,
}

/// The body is whatever was answered, so it is not shown.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({})", self.status)
    }
}

#[tracing::instrument(name = "db.idempotency.claim", skip_all, fields(scope = claim.scope), err)]
pub async fn claim(pool: &Pool, claim: Claim<'_>) -> Result<Claimed, Error> {
    let mut tx = Context::keys(claim.scope).begin(pool).await?;
    let fresh = sqlx::query!(
        "insert into ops.idempotency_keys (scope, key, fingerprint, subject)
         values ($1, $2, $3, $4)
         on conflict on constraint idempotency_keys_claimed_once do nothing",
        claim.scope,
        claim.key,
        claim.fingerprint,
        claim.subject,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if fresh == 1 {
        tx.commit().await?;
        return Ok(Claimed::Fresh { subject: claim.subject.to_owned() });
    }

    let patience = interval(claim.abandoned_after);
    let found = sqlx::query!(
        r#"select fingerprint, subject, status, content_type, language, response,
                  claimed_at + $3 < clock_timestamp() as "abandoned!"
           from ops.idempotency_keys
           where scope = $1 and key = $2
           for update"#,
        claim.scope,
        claim.key,
        patience,
    )
    .fetch_optional(&mut *tx)
    .await?;
    // It was cleared away between the two statements; the caller will come again.
    let Some(row) = found else { return Ok(Claimed::InFlight) };
    if row.fingerprint != claim.fingerprint {
        return Ok(Claimed::Mismatch);
    }
    if let (Some(status), Some(content_type), Some(body)) = (row.status, row.content_type, row.response) {
        let status = u16::try_from(status)
            .map_err(|_| Error::inconsistent("ops.idempotency_keys", "status", claim.scope))?;
        return Ok(Claimed::Replay(Answer { status, content_type, language: row.language, body }));
    }
    if !row.abandoned {
        return Ok(Claimed::InFlight);
    }
    sqlx::query!(
        "update ops.idempotency_keys set claimed_at = clock_timestamp() where scope = $1 and key = $2",
        claim.scope,
        claim.key,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Claimed::TakenOver { subject: row.subject })
}

/// Lets go of a key whose request was refused for now: the claim counts as abandoned at once, and the next claimant goes on with
/// the same id. So whoever was slow and whoever comes next make the same thing, if both come to make it.
#[tracing::instrument(name = "db.idempotency.let_go", skip_all, fields(scope), err)]
pub async fn let_go(pool: &Pool, scope: &str, key: &str, abandoned_after: Duration) -> Result<(), Error> {
    let mut tx = Context::keys(scope).begin(pool).await?;
    sqlx::query!(
        "update ops.idempotency_keys set claimed_at = clock_timestamp() - $3::interval
         where scope = $1 and key = $2 and status is null",
        scope,
        key,
        interval(abandoned_after),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

fn interval(time: Duration) -> PgInterval {
    let microseconds = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}

/// Keeps the answer. The first one stays: what has been answered is answered.
#[tracing::instrument(name = "db.idempotency.finish", skip_all, fields(scope), err)]
pub async fn finish(pool: &Pool, scope: &str, key: &str, answer: &Answer) -> Result<(), Error> {
    let status =
        i16::try_from(answer.status).map_err(|_| Error::conflict("idempotency_keys_status_is_http"))?;
    let mut tx = Context::keys(scope).begin(pool).await?;
    let updated = sqlx::query!(
        "update ops.idempotency_keys
         set status = coalesce(status, $3),
             content_type = coalesce(content_type, $4),
             language = case when status is null then $5 else language end,
             response = coalesce(response, $6),
             finished_at = coalesce(finished_at, clock_timestamp())
         where scope = $1 and key = $2",
        scope,
        key,
        status,
        answer.content_type,
        answer.language,
        answer.body,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    if updated == 1 { Ok(()) } else { Err(Error::missing("ops.idempotency_keys", scope)) }
}
