//! What the first of the admin pages shows: how things stand now, in counts and sums.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use wolo_domain::money::Xof;
use wolo_domain::payouts::PayoutStage;
use wolo_domain::pots::PotStage;

use crate::Error;
use crate::rows::word;

/// How the books stand, read at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Books {
    /// Gifts that arrived since the instant that was asked for.
    pub gifts: i64,
    pub given: Xof,
    /// Discrepancies that nobody has resolved.
    pub discrepancies: i64,
    /// Pots that something holds.
    pub held_pots: i64,
    /// Identity cases are counted where whoever asks may see them.
    pub cases: i64,
    /// Those of them of which somebody was told that nobody decides.
    pub escalated_cases: i64,
}

#[tracing::instrument(name = "db.today.books", skip(database), err)]
pub async fn books(database: impl PgExecutor<'_>, since: DateTime<Utc>) -> Result<Books, Error> {
    let row = sqlx::query!(
        r#"select
               gifts.count as "gifts!", gifts.sum as "given!",
               (select count(*) from money.discrepancies where resolved_at is null) as "discrepancies!",
               (select count(distinct pot_id) from pots.holds where released_at is null) as "held_pots!",
               (select count(*) from minors.cases where stage in ('submitted', 'in_review')) as "cases!",
               (select count(*) from minors.cases where stage in ('submitted', 'in_review') and escalated_at is not null)
                   as "escalated_cases!"
           from (
               select count(distinct transaction_id) as count, coalesce(sum(amount), 0)::bigint as sum
               from money.ledger_transactions
               join money.ledger_entries using (transaction_id)
               where kind = 'donation' and posted_at >= $1 and pot_id is not null
           ) as gifts"#,
        since,
    )
    .fetch_one(database)
    .await?;
    Ok(Books {
        gifts: row.gifts,
        given: Xof::new(row.given),
        discrepancies: row.discrepancies,
        held_pots: row.held_pots,
        cases: row.cases,
        escalated_cases: row.escalated_cases,
    })
}

/// How many pots stand in each stage; a stage in which none stands is left out.
#[tracing::instrument(name = "db.today.pots", skip_all, err)]
pub async fn pots(database: impl PgExecutor<'_>) -> Result<Vec<(PotStage, i64)>, Error> {
    let rows = sqlx::query!(r#"select stage, count(*) as "count!" from pots.pots group by stage"#)
        .fetch_all(database)
        .await?;
    rows.into_iter().map(|row| Ok((word(&row.stage, "pots.pots", "stage", "")?, row.count))).collect()
}

/// How many payouts are on their way, by stage.
#[tracing::instrument(name = "db.today.payouts", skip_all, err)]
pub async fn payouts(database: impl PgExecutor<'_>) -> Result<Vec<(PayoutStage, i64)>, Error> {
    let rows = sqlx::query!(
        r#"select stage, count(*) as "count!" from money.payouts where ended_at is null group by stage"#
    )
    .fetch_all(database)
    .await?;
    rows.into_iter().map(|row| Ok((word(&row.stage, "money.payouts", "stage", "")?, row.count))).collect()
}
