//! What waits for somebody now, in counts, for the first of the admin pages. How the business goes is for the [figures](crate::figures).

use sqlx::PgExecutor;
use wolo_domain::payouts::PayoutStage;

use crate::Error;
use crate::rows::word;

/// What waits, counted at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Discrepancies that nobody has resolved.
    pub discrepancies: i64,
    /// Pots that somebody reports, and of which no moderator has decided.
    pub reported_pots: i64,
    /// Identity cases are counted where whoever asks may see them.
    pub cases: i64,
    /// Those of them of which somebody was told that nobody decides.
    pub escalated_cases: i64,
}

#[tracing::instrument(name = "db.today.waiting", skip_all, err)]
pub async fn waiting(database: impl PgExecutor<'_>) -> Result<Waiting, Error> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"select
               (select count(*) from money.discrepancies where resolved_at is null) as "discrepancies!",
               (select count(distinct pot_id) from pots.reports where resolved_at is null) as "reported_pots!",
               count(*) as "cases!",
               count(*) filter (where escalated_at is not null) as "escalated_cases!"
           from minors.cases
           where stage in ('submitted', 'in_review')"#,
    );
    Ok(waiting.fetch_one(database).await?)
}

/// How many payouts are on their way, by stage.
#[tracing::instrument(name = "db.today.payouts", skip_all, err)]
pub async fn payouts(database: impl PgExecutor<'_>) -> Result<Vec<(PayoutStage, i64)>, Error> {
    let rows = sqlx::query!(
        r#"select stage, count(*) as "count!" from money.payouts where stage <> 'succeeded' group by stage"#
    )
    .fetch_all(database)
    .await?;
    rows.into_iter().map(|row| Ok((word(&row.stage, "money.payouts", "stage", "")?, row.count))).collect()
}
