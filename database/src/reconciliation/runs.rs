//! What each comparison of a day came to, and which days lack one.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{Error, Pool};

/// One comparison of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The run of the process that compared.
    pub run: String,
    pub day: NaiveDate,
    /// The day was over, so what was missing could be told.
    pub whole: bool,
    pub started_at: DateTime<Utc>,
    pub lines: i64,
    pub matched: i64,
    /// Gifts whose processes were made to ask Wave.
    pub repaired: i64,
    pub fees_booked: i64,
    /// Discrepancies that it found and that were not open before.
    pub opened: i64,
    /// Discrepancies that it found no longer.
    pub closed: i64,
}

impl Run {
    /// A comparison of a day that has found nothing yet.
    pub const fn begun(run: String, day: NaiveDate, whole: bool, started_at: DateTime<Utc>) -> Self {
        Self {
            run,
            day,
            whole,
            started_at,
            lines: 0,
            matched: 0,
            repaired: 0,
            fees_booked: 0,
            opened: 0,
            closed: 0,
        }
    }
}

/// Days that are further back than this are left to a person.
const LOOK_BACK_DAYS: i32 = 35;

/// Writes down what a comparison came to. The first account of a run stays.
#[tracing::instrument(name = "db.reconciliation.record_run", skip_all, fields(day = %run.day), err)]
pub async fn record_run(pool: &Pool, run: &Run) -> Result<(), Error> {
    sqlx::query!(
        "insert into money.reconciliations
             (run, day, whole, started_at, lines, matched, repaired, fees_booked, opened, closed)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (run, day) do nothing",
        run.run,
        run.day,
        run.whole,
        run.started_at,
        run.lines,
        run.matched,
        run.repaired,
        run.fees_booked,
        run.opened,
        run.closed,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The last comparison of each day, the last days first, with when it ended.
#[tracing::instrument(name = "db.reconciliation.last_runs", skip_all, err)]
pub async fn last_runs(pool: &Pool, days: u32) -> Result<Vec<(Run, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select distinct on (day) run, day, whole, started_at, ended_at, lines, matched, repaired, fees_booked, opened, closed
         from money.reconciliations
         order by day desc, ended_at desc, run desc
         limit $1",
        i64::from(days),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let run = Run {
                run: row.run,
                day: row.day,
                whole: row.whole,
                started_at: row.started_at,
                lines: row.lines,
                matched: row.matched,
                repaired: row.repaired,
                fees_booked: row.fees_booked,
                opened: row.opened,
                closed: row.closed,
            };
            (run, row.ended_at)
        })
        .collect())
}

/// The days before this one that nobody has compared since they were over, the oldest first. The first of all is the day on
/// which the first gift was asked for.
#[tracing::instrument(name = "db.reconciliation.uncompared", skip_all, fields(%before), err)]
pub async fn uncompared(pool: &Pool, before: NaiveDate) -> Result<Vec<NaiveDate>, Error> {
    let days = sqlx::query_scalar!(
        r#"select day as "day!"
           from generate_series(1, $2::integer) as ago
           cross join lateral (select $1::date - ago as day) as days
           where day >= (select (min(requested_at) at time zone 'Africa/Dakar')::date from money.donations)
             and not exists (
                 select from money.reconciliations where reconciliations.day = days.day and whole
             )
           order by day"#,
        before,
        LOOK_BACK_DAYS,
    )
    .fetch_all(pool)
    .await?;
    Ok(days)
}

/// Days that are further back than this have had their lines.
const LATE_DAYS: i32 = 7;

/// The days before this one that were compared within a day of their end and not since, the oldest first. A line may come late to Wave's
/// statement, so each day is compared once more.
#[tracing::instrument(name = "db.reconciliation.compared_early", skip_all, fields(%before), err)]
pub async fn compared_early(pool: &Pool, before: NaiveDate) -> Result<Vec<NaiveDate>, Error> {
    let days = sqlx::query_scalar!(
        r#"select day as "day!"
           from generate_series(2, $2::integer) as ago
           cross join lateral (select $1::date - ago as day) as days
           join money.reconciliations using (day)
           where whole
           group by day
           having max(started_at) < (day + 2)::timestamp at time zone 'Africa/Dakar'
           order by day"#,
        before,
        LATE_DAYS,
    )
    .fetch_all(pool)
    .await?;
    Ok(days)
}
