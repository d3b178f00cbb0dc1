//! How things stand at this moment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wolo_domain::dakar;
use wolo_domain::figures::{Figure, Span};

use super::{Series, read};
use crate::Error;

/// So many minutes are told one by one.
const MINUTES: i32 = 60;

#[derive(Clone, Debug)]
pub struct Live {
    /// By the database's clock.
    pub at: DateTime<Utc>,
    /// The figures of money, of this day in Dakar.
    pub today: Vec<Series>,
    /// Gifts that arrived in each of the last sixty minutes, the oldest first; the last is the one that is going on.
    pub gifts_per_minute: Vec<i64>,
    /// How many pots stand where, by the measures of their figure.
    pub pots: BTreeMap<&'static str, i64>,
    /// Messages that are on their way to their carriers.
    pub messages_waiting: i64,
}

impl Live {
    /// A measure of a figure of money, added up over this day.
    pub fn of_today(&self, figure: Figure, measure: &str) -> i64 {
        self.today.iter().find(|one| one.figure == figure).map_or(0, |series| series.total(measure))
    }
}

#[tracing::instrument(name = "db.figures.live", skip_all, err)]
pub async fn live(connection: &mut PgConnection) -> Result<Live, Error> {
    let at = sqlx::query_scalar!(r#"select clock_timestamp() as "at!""#).fetch_one(&mut *connection).await?;
    let today = read(&mut *connection, &Figure::OF_MONEY, Span::day(dakar::day_of(at))).await?;
    let gifts_per_minute = gifts_per_minute(connection, at).await?;
    let pots = pots(connection).await?;
    let messages_waiting = sqlx::query_scalar!(
        r#"select count(*) as "waiting!" from notices.standing
           where ended_at is null and stage = 'queued' and created_at > $1::timestamptz - interval '3 days'"#,
        at,
    )
    .fetch_one(connection)
    .await?;
    Ok(Live { at, today, gifts_per_minute, pots, messages_waiting })
}

async fn gifts_per_minute(connection: &mut PgConnection, at: DateTime<Utc>) -> Result<Vec<i64>, Error> {
    // The day is there for its index.
    let rows = sqlx::query!(
        r#"select minutes_ago as "minutes_ago!", count(*) as "gifts!"
           from (
               select floor(extract(epoch from date_trunc('minute', $1::timestamptz) - date_trunc('minute', posted_at)) / 60)::integer
                          as minutes_ago
               from money.ledger_transactions
               where kind = 'donation'
                 and (posted_at at time zone 'Africa/Dakar')::date >= ($1 at time zone 'Africa/Dakar')::date - 1
           ) gifts
           where minutes_ago between 0 and $2 - 1
           group by 1"#,
        at,
        MINUTES,
    )
    .fetch_all(connection)
    .await?;
    let found: BTreeMap<i32, i64> = rows.into_iter().map(|row| (row.minutes_ago, row.gifts)).collect();
    Ok((0..MINUTES).rev().map(|ago| found.get(&ago).copied().unwrap_or_default()).collect())
}

/// How many pots stand where, by the measures of their figure.
async fn pots(connection: &mut PgConnection) -> Result<BTreeMap<&'static str, i64>, Error> {
    let rows = sqlx::query!(
        r#"select measure as "measure!", sum(value::bigint)::bigint as "value!"
           from analytics.figures
           cross join lateral jsonb_each_text(measures) as counted (measure, value)
           where figure = 'pots_by_state'
           group by 1"#
    )
    .fetch_all(connection)
    .await?;
    let found: BTreeMap<String, i64> = rows.into_iter().map(|row| (row.measure, row.value)).collect();
    let named = Figure::PotsByState.measures().iter().map(|measure| measure.name);
    Ok(named.map(|name| (name, found.get(name).copied().unwrap_or_default())).collect())
}
