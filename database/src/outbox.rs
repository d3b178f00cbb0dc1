//! What must still be told to the outside, written in the same transaction as the change it follows from.
//!
//! Nothing is sent from here. A relay reads [`waiting`] and starts a process named after topic and key; if it dies
//! before [`mark_relayed`], the next one starts the same process again, which is one process.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::ids::PotId;

use crate::{Error, Pool};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    PotAnnounced,
    DonationConfirmed,
    DonationRefundDue,
    DonationRefunded,
    DonationSuspended,
    PayoutSucceeded,
    PayoutRefused,
}

impl Topic {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PotAnnounced => "pot_announced",
            Self::DonationConfirmed => "donation_confirmed",
            Self::DonationRefundDue => "donation_refund_due",
            Self::DonationRefunded => "donation_refunded",
            Self::DonationSuspended => "donation_suspended",
            Self::PayoutSucceeded => "payout_succeeded",
            Self::PayoutRefused => "payout_refused",
        }
    }
}

/// Something that was written and waits to be carried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: Uuid,
    /// As [`Topic::as_str`] writes it. A topic of a newer release is carried on too, so it stays a word.
    pub topic: String,
    pub business_key: String,
    pub pot: PotId,
    /// Ids and amounts; nobody's name.
    pub payload: serde_json::Value,
    pub created_at: DateTime<Utc>,
}

/// Writes an event, once per topic and key.
pub(crate) async fn write(
    connection: &mut PgConnection,
    topic: Topic,
    business_key: &str,
    pot: PotId,
    payload: serde_json::Value,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ops.outbox (outbox_id, topic, business_key, pot_id, payload)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint outbox_says_it_once do nothing",
        Uuid::now_v7(),
        topic.as_str(),
        business_key,
        pot.uuid(),
        payload,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The oldest events that nobody has carried on yet.
#[tracing::instrument(name = "db.outbox.waiting", skip_all, err)]
pub async fn waiting(pool: &Pool, limit: u32) -> Result<Vec<Event>, Error> {
    let rows = sqlx::query!(
        "select outbox_id, topic, business_key, pot_id, payload, created_at
         from ops.outbox
         where relayed_at is null
         order by created_at, outbox_id
         limit $1",
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Event {
            id: row.outbox_id,
            topic: row.topic,
            business_key: row.business_key,
            pot: PotId::from_uuid(row.pot_id),
            payload: row.payload,
            created_at: row.created_at,
        })
        .collect())
}

/// Says that an event has been carried on.
#[tracing::instrument(name = "db.outbox.mark_relayed", skip_all, fields(%event), err)]
pub async fn mark_relayed(pool: &Pool, event: Uuid) -> Result<(), Error> {
    let updated = sqlx::query!(
        "update ops.outbox set relayed_at = coalesce(relayed_at, clock_timestamp()) where outbox_id = $1",
        event,
    )
    .execute(pool)
    .await?
    .rows_affected();
    if updated == 1 { Ok(()) } else { Err(Error::missing("ops.outbox", event)) }
}
