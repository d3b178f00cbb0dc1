//! What providers tell of messages. The API writes it as `messenger`, whose word it has checked.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;
use wolo_domain::ids::NoticeId;
use wolo_domain::notices::{Channel, Fate};

use super::{Attempt, id};
use crate::Error;
use crate::rows::{count, word};

/// How a receipt names its message.
#[derive(Clone, Copy)]
pub enum About<'a> {
    /// By the name that we gave it.
    Ours(Attempt),
    /// By its provider's.
    Provider { provider: &'a str, id: &'a str },
}

/// The message that a receipt is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub attempt: Attempt,
    pub channel: Channel,
    /// The process that wants to hear of it.
    pub process: String,
}

/// Finds it; nothing when it is not one of ours.
#[tracing::instrument(name = "db.notices.about", skip_all, err)]
pub async fn about(database: impl PgExecutor<'_>, about: About<'_>) -> Result<Option<Told>, Error> {
    let (notice, number, provider, provider_id): (Option<Uuid>, _, _, _) = match about {
        About::Ours(attempt) => (Some(attempt.notice.uuid()), i32::try_from(attempt.number).ok(), None, None),
        About::Provider { provider, id } => (None, None, Some(provider), Some(id)),
    };
    let row = sqlx::query!(
        "select notice_id, number, channel, process
         from notices.attempts
         join notices.notices using (notice_id)
         where (notice_id = $1 and number = $2) or (provider = $3 and provider_id = $4)
         limit 1",
        notice,
        number,
        provider,
        provider_id,
    )
    .fetch_optional(database)
    .await?;
    row.map(|row| {
        let attempt = Attempt {
            notice: id(row.notice_id),
            number: count(row.number, "notices.attempts", "number", row.notice_id)?,
        };
        let channel = word(&row.channel, "notices.attempts", "channel", row.notice_id)?;
        Ok(Told { attempt, channel, process: row.process })
    })
    .transpose()
}

/// Whether a provider is being handed a message just now. A receipt by a name of its own may be faster than the answer that
/// tells us the name.
#[tracing::instrument(name = "db.notices.is_handed_over", skip(database), err)]
pub async fn is_handed_over(database: impl PgExecutor<'_>, provider: &str) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from notices.attempts
               where provider = $1 and state = 'sending' and sent_at > clock_timestamp() - interval '1 minute'
           ) as "under_way!""#,
        provider,
    )
    .fetch_one(database)
    .await?)
}

/// A provider's word about a try.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    pub provider: &'a str,
    pub event_id: &'a str,
    pub fate: Fate,
    pub code: Option<&'a str>,
    pub at: DateTime<Utc>,
}

/// Keeps a receipt; says whether it is new.
#[tracing::instrument(name = "db.notices.receive", skip_all, fields(provider = receipt.provider), err)]
pub async fn receive(
    connection: &mut PgConnection,
    attempt: Attempt,
    receipt: Receipt<'_>,
) -> Result<bool, Error> {
    let kept = sqlx::query!(
        "insert into notices.receipts (provider, event_id, notice_id, number, fate, code, at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict on constraint receipts_one_per_event do nothing",
        receipt.provider,
        receipt.event_id,
        NoticeId::uuid(attempt.notice),
        i32::try_from(attempt.number).unwrap_or(i32::MAX),
        receipt.fate.as_str(),
        receipt.code,
        receipt.at,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(kept == 1)
}
