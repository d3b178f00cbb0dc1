//! What providers told us: stored raw and once per event, before anything is done about it.
//!
//! A webhook is a hint. Nothing here believes it: what it says is checked with the provider by whoever handles it.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{Context, Error, Pool};

/// Wave's word for an attempt to pay that failed.
pub const PAYMENT_FAILED: &str = "checkout.session.payment_failed";

/// An event as it arrived.
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    pub provider: &'a str,
    pub event_id: &'a str,
    pub kind: &'a str,
    /// Our own reference in it, where it has one.
    pub subject: Option<&'a str>,
    /// The bytes whose signature was checked. Personal.
    pub raw: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    First,
    /// It came before. Where it was not handled, that is still to be done.
    Again {
        handled: bool,
    },
    /// An event of this id came before with other bytes. Those are kept, and these are not.
    OtherBytes,
}

/// An event that was stored and not handled: its receiver died in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unhandled {
    pub provider: String,
    pub event_id: String,
    pub kind: String,
    pub subject: Option<String>,
    pub received_at: DateTime<Utc>,
}

/// Stores an event.
pub async fn receive(pool: &Pool, webhook: Webhook<'_>) -> Result<Receipt, Error> {
    let mut receipts = receive_all(pool, &[webhook]).await?;
    receipts.pop().ok_or_else(|| Error::missing("ops.webhook_inbox", webhook.event_id))
}

/// Stores events that differ in their ids, and answers for each in their order.
#[tracing::instrument(name = "db.webhooks.receive", skip_all, fields(events = webhooks.len()), err)]
pub async fn receive_all(pool: &Pool, webhooks: &[Webhook<'_>]) -> Result<Vec<Receipt>, Error> {
    let providers: Vec<_> = webhooks.iter().map(|webhook| webhook.provider).collect();
    let event_ids: Vec<_> = webhooks.iter().map(|webhook| webhook.event_id).collect();
    let kinds: Vec<_> = webhooks.iter().map(|webhook| webhook.kind).collect();
    let subjects: Vec<_> = webhooks.iter().map(|webhook| webhook.subject).collect();
    let raw: Vec<_> = webhooks.iter().map(|webhook| webhook.raw).collect();
    let mut tx = Context::wave().begin(pool).await?;
    // Written in one order by everybody, so that two who store the same events do not wait for each other.
    let rows = sqlx::query!(
        r#"with given as (
             select provider, event_id, kind, subject, raw, place
             from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
                 with ordinality as given (provider, event_id, kind, subject, raw, place)
         ), kept as (
             insert into ops.webhook_inbox as inbox (provider, event_id, kind, subject, raw)
             select provider, event_id, kind, subject, raw from given order by provider, event_id
             on conflict on constraint webhook_inbox_one_per_event
                 do update set deliveries = inbox.deliveries + 1
             returning provider, event_id, deliveries, handled_at, raw
         )
         select deliveries as "deliveries!", handled_at, kept.raw = given.raw as "same!"
         from given join kept using (provider, event_id)
         order by place"#,
        &providers as _,
        &event_ids as _,
        &kinds as _,
        &subjects as _,
        &raw as _,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let receipt = |deliveries, same, handled| match (deliveries, same) {
        (1, _) => Receipt::First,
        (_, false) => Receipt::OtherBytes,
        (_, true) => Receipt::Again { handled },
    };
    Ok(rows.into_iter().map(|row| receipt(row.deliveries, row.same, row.handled_at.is_some())).collect())
}

/// Notes of an event that it was dealt with. One at a time: who notes several would wait, event by event, for somebody who notes the same ones in another order.
#[tracing::instrument(name = "db.webhooks.mark_handled", skip(pool), err)]
pub async fn mark_handled(pool: &Pool, provider: &str, event_id: &str) -> Result<(), Error> {
    let mut tx = Context::wave().begin(pool).await?;
    let updated = sqlx::query!(
        "update ops.webhook_inbox set handled_at = coalesce(handled_at, clock_timestamp())
         where provider = $1 and event_id = $2",
        provider,
        event_id,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    if updated == 1 {
        Ok(())
    } else {
        Err(Error::missing("ops.webhook_inbox", format_args!("{provider}/{event_id}")))
    }
}

/// The oldest events that were stored and not handled.
#[tracing::instrument(name = "db.webhooks.unhandled", skip_all, err)]
pub async fn unhandled(pool: &Pool, limit: u32) -> Result<Vec<Unhandled>, Error> {
    Ok(sqlx::query_as!(
        Unhandled,
        "select provider, event_id, kind, subject, received_at
         from ops.webhook_inbox
         where handled_at is null
         order by received_at, event_id
         limit $1",
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?)
}

/// How many attempts to pay have failed, as far as Wave has told: one per event, however often it came.
#[tracing::instrument(name = "db.webhooks.failed_attempts", skip(database), err)]
pub async fn failed_attempts(database: impl PgExecutor<'_>, subject: &str) -> Result<u32, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from ops.webhook_inbox where subject = $1 and kind = $2"#,
        subject,
        PAYMENT_FAILED,
    )
    .fetch_one(database)
    .await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
