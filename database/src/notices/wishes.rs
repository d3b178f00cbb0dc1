//! What people do not want to hear, and on which channel. Each of their words counts once, and in the order in which they
//! were said. The API writes it as `messenger`, or for whoever has a message's link.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use wolo_domain::contacts::Email;
use wolo_domain::ids::UserId;
use wolo_domain::notices::{Category, Channel};

use crate::Error;
use crate::rows::word;

/// How somebody's wish became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptOut {
    /// They wrote so.
    Reply,
    /// They followed the link in a mail.
    Link,
    /// The provider told.
    Provider,
    /// Somebody who works here was asked to.
    Staff,
}

impl OptOut {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Link => "link",
            Self::Provider => "provider",
            Self::Staff => "staff",
        }
    }
}

/// Notes that something was said; says whether it is new. Who repeats it may have said something else in between.
#[tracing::instrument(name = "db.notices.hear", skip(connection, event_id), err)]
pub async fn hear(connection: &mut PgConnection, provider: &str, event_id: &str) -> Result<bool, Error> {
    let heard = sqlx::query!(
        "insert into notices.heard (provider, event_id) values ($1, $2) on conflict do nothing",
        provider,
        event_id,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(heard == 1)
}

/// Writes that somebody wants nothing more on a channel, as they said at that time.
#[tracing::instrument(name = "db.notices.opt_out", skip(connection, address), err)]
pub async fn opt_out(
    connection: &mut PgConnection,
    channel: Channel,
    address: &str,
    how: OptOut,
    said_at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into notices.opt_outs as kept (channel, address, how, said_at) values ($1, $2, $3, $4)
         on conflict (channel, address) where ended_at is null
             do update set said_at = greatest(kept.said_at, excluded.said_at)",
        channel.as_str(),
        address,
        how.as_str(),
        said_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes that messages may come again, unless the person has said STOP since. Says whether they could not.
#[tracing::instrument(name = "db.notices.opt_in", skip(connection, address), err)]
pub async fn opt_in(
    connection: &mut PgConnection,
    channel: Channel,
    address: &str,
    said_at: DateTime<Utc>,
) -> Result<bool, Error> {
    let ended = sqlx::query!(
        "update notices.opt_outs set ended_at = clock_timestamp()
         where channel = $1 and address = $2 and ended_at is null and said_at <= $3",
        channel.as_str(),
        address,
        said_at,
    )
    .execute(connection)
    .await?
    .rows_affected();
    Ok(ended > 0)
}

/// What whoever has a message's link may refuse.
#[derive(Clone, PartialEq, Eq)]
pub enum Refusable {
    /// Messages of this category, to this account.
    Category(UserId, Category),
    /// Any mail, to somebody without an account.
    Mail(Email),
}

/// The same, for the secret part of a link; nothing where there is no such link, or it is of a message that must be heard.
#[tracing::instrument(name = "db.notices.of_link", skip_all, err)]
pub async fn of_link(database: impl PgExecutor<'_>, secret: &str) -> Result<Option<Refusable>, Error> {
    let row = sqlx::query!(
        "select notice_id, category, user_id, mail_to from notices.notices where opt_out = $1",
        secret,
    )
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let category: Category = word(&row.category, "notices.notices", "category", row.notice_id)?;
    if category.must_be_heard() {
        return Ok(None);
    }
    Ok(match (row.user_id, row.mail_to) {
        (Some(user), _) => Some(Refusable::Category(UserId::from_uuid(user), category)),
        (None, Some(mail_to)) => {
            Some(Refusable::Mail(word(&mail_to, "notices.notices", "mail_to", row.notice_id)?))
        }
        (None, None) => None,
    })
}
