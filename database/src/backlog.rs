//! What waits, in numbers, for those who watch over WOLO: how many of each kind, and since when the oldest does. Never about whom.

use chrono::{DateTime, Utc};
use wolo_domain::discrepancies::DiscrepancyKind;

use crate::outbox::Way;
use crate::{Error, Pool};

/// Everything that may wait. What is not among [`waiting`] does not.
pub const KINDS: [&str; 12] = [
    "payout_planned",
    "payout_sent",
    "payout_unknown",
    "payout_refused",
    "payouts_stopped",
    "refund_refused",
    "discrepancy",
    "discrepancy_that_stops",
    "identity_case",
    "event",
    "announcement",
    "webhook",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// One of [`KINDS`].
    pub what: String,
    pub count: i64,
    /// Since when the one does that has waited longest.
    pub since: DateTime<Utc>,
}

/// Tries to hand messages over, in the hour before now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tries {
    pub channel: String,
    /// How the provider took it: `sending`, `accepted`, `refused`, `unknown`.
    pub state: String,
    pub count: i64,
}

/// What waits now.
#[tracing::instrument(name = "db.backlog.waiting", skip_all, err)]
pub async fn waiting(pool: &Pool) -> Result<Vec<Waiting>, Error> {
    let stopping: Vec<_> = DiscrepancyKind::ALL
        .into_iter()
        .filter(|kind| kind.breaks_the_books())
        .map(|kind| kind.as_str().to_owned())
        .collect();
    let waiting = sqlx::query_as!(
        Waiting,
        r#"select what as "what!", count(*) as "count!", min(since) as "since!"
           from (
               select 'payout_' || stage as what, coalesce(sent_at, planned_at) as since
               from money.payouts where stage <> 'succeeded'
               union all
               select 'payouts_stopped', since from money.halts where lifted_at is null
               union all
               select 'refund_refused', coalesce(refund_sent_at, paid_at)
               from money.donations where stage = 'refund_due' and refund_refusal_code is not null
               union all
               select case when kind = any ($1) then 'discrepancy_that_stops' else 'discrepancy' end, first_seen_at
               from money.discrepancies where resolved_at is null
               union all
               select 'identity_case', since from minors.cases where stage in ('submitted', 'in_review')
               union all
               select case when topic = any ($2) then 'announcement' else 'event' end, created_at
               from ops.outbox where relayed_at is null
               union all
               select 'webhook', received_at from ops.webhook_inbox where handled_at is null
           ) as waiting
           group by what
           order by what"#,
        &stopping,
        &Way::Announcements.topics(),
    );
    Ok(waiting.fetch_all(pool).await?)
}

/// What became of messages lately, by the channel.
#[tracing::instrument(name = "db.backlog.tries", skip_all, err)]
pub async fn tries(pool: &Pool) -> Result<Vec<Tries>, Error> {
    let tries = sqlx::query_as!(
        Tries,
        r#"select channel, state, count(*) as "count!"
           from notices.attempts
           where sent_at > clock_timestamp() - interval '1 hour'
           group by channel, state
           order by channel, state"#,
    );
    Ok(tries.fetch_all(pool).await?)
}
