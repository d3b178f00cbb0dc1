//! What must still be told to the outside, written in the same transaction as the change it follows from.
//!
//! Nothing is sent from here. Whoever [takes](take) an event carries it on and says so with [`mark_relayed`]; who dies before
//! that leaves it to the next, who carries the same event under the same key.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::words::words;

use crate::rows::{interval, word};
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
    /// A message that was written whole, for one person.
    Letter,
    /// Somebody was invited.
    Invitation,
    /// Points can be used from now on.
    PointsMatured,
    PointsRevoked,
    /// A step was due and has not been done.
    StepLate,
    /// So many steps are late that they are told of as one.
    StepsLate,
    /// Nobody decides an identity case.
    CaseEscalated,
    /// Something was done that the audit trail must show.
    Audit,
}

impl Topic {
    pub const ALL: [Self; 15] = [
        Self::PotAnnounced,
        Self::DonationConfirmed,
        Self::DonationRefundDue,
        Self::DonationRefunded,
        Self::DonationSuspended,
        Self::PayoutSucceeded,
        Self::PayoutRefused,
        Self::Letter,
        Self::Invitation,
        Self::PointsMatured,
        Self::PointsRevoked,
        Self::StepLate,
        Self::StepsLate,
        Self::CaseEscalated,
        Self::Audit,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PotAnnounced => "pot_announced",
            Self::DonationConfirmed => "donation_confirmed",
            Self::DonationRefundDue => "donation_refund_due",
            Self::DonationRefunded => "donation_refunded",
            Self::DonationSuspended => "donation_suspended",
            Self::PayoutSucceeded => "payout_succeeded",
            Self::PayoutRefused => "payout_refused",
            Self::Letter => "letter",
            Self::Invitation => "invitation",
            Self::PointsMatured => "points_matured",
            Self::PointsRevoked => "points_revoked",
            Self::StepLate => "step_late",
            Self::StepsLate => "steps_late",
            Self::CaseEscalated => "case_escalated",
            Self::Audit => "audit",
        }
    }

    pub fn way(self) -> Way {
        if self == Self::PotAnnounced { Way::Announcements } else { Way::Prompt }
    }
}

/// Which events are carried on together, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What somebody waits for.
    Prompt,
    /// What pots announce, thousands of them in the same minute.
    Announcements,
}

impl Way {
    /// As the index of what waits has it.
    const fn number(self) -> i32 {
        match self {
            Self::Prompt => 0,
            Self::Announcements => 1,
        }
    }

    pub(crate) fn topics(self) -> Vec<String> {
        let here = Topic::ALL.into_iter().filter(|topic| topic.way() == self);
        here.map(|topic| topic.as_str().to_owned()).collect()
    }
}

words!(Topic, "a topic of events");

/// Something that happened, and that people are to be told of.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    pub id: Uuid,
    pub topic: Topic,
    /// What it is told apart by within its topic.
    pub key: String,
    pub pot: Option<PotId>,
    pub user: Option<UserId>,
    /// Ids and amounts.
    pub payload: serde_json::Value,
    /// What only its receiver may read, encrypted by whoever wrote it.
    pub sealed: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} {})", self.topic, self.key)
    }
}

/// A message to a person: who they are and what is said is sealed.
#[derive(Clone)]
pub struct Letter<'a> {
    /// One letter is written under one key.
    pub key: &'a str,
    /// Nobody where there is no account yet.
    pub user: Option<UserId>,
    pub sealed: &'a [u8],
}

/// Writes an event about a pot, once per topic and key.
pub(crate) async fn write(
    connection: &mut PgConnection,
    topic: Topic,
    business_key: &str,
    pot: PotId,
    payload: serde_json::Value,
) -> Result<(), Error> {
    write_about(connection, topic, business_key, Some(pot), payload).await
}

/// Writes an event that may be about no pot, once per topic and key.
pub(crate) async fn write_about(
    connection: &mut PgConnection,
    topic: Topic,
    business_key: &str,
    pot: Option<PotId>,
    payload: serde_json::Value,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ops.outbox (outbox_id, topic, business_key, pot_id, payload)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint outbox_says_it_once do nothing",
        Uuid::now_v7(),
        topic.as_str(),
        business_key,
        pot.map(PotId::uuid),
        payload,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a letter, in the transaction of what it follows from, and says by which id its event goes.
pub async fn write_letter(connection: &mut PgConnection, letter: Letter<'_>) -> Result<Uuid, Error> {
    write_sealed(connection, Topic::Letter, letter).await
}

/// Writes an invitation on its way, in the transaction in which it was written down.
pub async fn write_invitation(connection: &mut PgConnection, letter: Letter<'_>) -> Result<(), Error> {
    write_sealed(connection, Topic::Invitation, letter).await.map(drop)
}

async fn write_sealed(
    connection: &mut PgConnection,
    topic: Topic,
    letter: Letter<'_>,
) -> Result<Uuid, Error> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into ops.outbox (outbox_id, topic, business_key, user_id, payload, sealed)
         values ($1, $2, $3, $4, '{}', $5)",
        id,
        topic.as_str(),
        letter.key,
        letter.user.map(UserId::uuid),
        letter.sealed,
    )
    .execute(connection)
    .await?;
    Ok(id)
}

/// Whether an event is written and nobody has carried it on.
#[tracing::instrument(name = "db.outbox.is_on_its_way", skip(pool), err)]
pub async fn is_on_its_way(pool: &Pool, topic: Topic, key: &str) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from ops.outbox where topic = $1 and business_key = $2 and relayed_at is null
           ) as "waits!""#,
        topic.as_str(),
        key,
    )
    .fetch_one(pool)
    .await?)
}

/// Takes the oldest events of a way that nobody has carried on, for so long: who has not carried one on by then has died, and
/// somebody else takes it. One of a topic that is not known here was written by a release after this one, and is left for that.
#[tracing::instrument(name = "db.outbox.take", skip_all, err)]
pub async fn take(pool: &Pool, way: Way, limit: u32, held: TimeDelta) -> Result<Vec<Event>, Error> {
    sqlx::query!(
        r#"update ops.outbox taken
         set taken_until = clock_timestamp() + $2::text::interval
         where outbox_id in (
             select outbox_id from ops.outbox
             where relayed_at is null and coalesce(taken_until, '-infinity') < clock_timestamp()
               and topic = any ($3) and case topic when 'pot_announced' then 1 else 0 end = $4
             order by created_at, outbox_id
             limit $1
             for update skip locked
         )
         returning outbox_id, topic, business_key, pot_id, user_id, payload, sealed, created_at"#,
        i64::from(limit),
        interval(held),
        &way.topics(),
        way.number(),
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Event {
            id: row.outbox_id,
            topic: word(&row.topic, "ops.outbox", "topic", row.outbox_id)?,
            key: row.business_key,
            pot: row.pot_id.map(PotId::from_uuid),
            user: row.user_id.map(UserId::from_uuid),
            payload: row.payload,
            sealed: row.sealed,
            created_at: row.created_at,
        })
    })
    .collect()
}

/// Says that events have been carried on. What was sealed in them is not kept.
#[tracing::instrument(name = "db.outbox.mark_relayed", skip_all, fields(events = events.len()), err)]
pub async fn mark_relayed(pool: &Pool, events: &[Uuid]) -> Result<(), Error> {
    sqlx::query!(
        "update ops.outbox set relayed_at = coalesce(relayed_at, clock_timestamp()), sealed = null
         where outbox_id = any ($1)",
        events,
    )
    .execute(pool)
    .await?;
    Ok(())
}
