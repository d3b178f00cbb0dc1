//! Finance's finding that an order was never paid, though Wave never said so. It rests on Wave's evidence alone: on the silence
//! of its statement, read whole for every day on which the order can have been executed, long after the last of them; or on
//! two lines of it that cancel out, of an order that was paid and taken back.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;
use wolo_domain::dakar;
use wolo_domain::payouts::{NEVER_PAID, PayoutOrder, PayoutStage, TAKEN_BACK};

use super::orders::{current, number, refuse};
use crate::rows::interval;
use crate::{Error, Pool};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeverPaid {
    /// The order counts as refused, for this code.
    Refused {
        code: String,
    },
    /// Something is missing; in words for a person.
    NotProven {
        why: String,
    },
    Succeeded,
}

/// How long ago the first call of an order was begun that Wave may have executed: by the process's time or by the clock,
/// whichever is more. A step that was given its time long ago, and a clock that somebody moved, make no old key young.
#[tracing::instrument(name = "db.payouts.age_of_key", skip_all, fields(order = order.key()), err)]
pub async fn age_of_key(pool: &Pool, order: PayoutOrder, at: DateTime<Utc>) -> Result<TimeDelta, Error> {
    let mut connection = pool.acquire().await?;
    let called = called(&mut connection, order).await?;
    Ok((at - called.sent_at).max(called.now - called.begun_at))
}

/// What Wave's search has shown just before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    /// Only what was paid and taken back.
    TakenBack,
}

/// Writes down that an order was never paid, or was taken back: if its first call is older than `after` and Wave's statement
/// says the same.
#[tracing::instrument(name = "db.payouts.record_never_paid", skip_all, fields(order = order.key()), err)]
pub async fn record_never_paid(
    pool: &Pool,
    order: PayoutOrder,
    shown: Shown,
    after: TimeDelta,
    at: DateTime<Utc>,
) -> Result<NeverPaid, Error> {
    let mut tx = pool.begin().await?;
    let payout = current(&mut tx, order).await?;
    match (payout.stage, payout.refusal_code.clone()) {
        (PayoutStage::Succeeded, _) => return Ok(NeverPaid::Succeeded),
        (_, Some(code)) => return Ok(NeverPaid::Refused { code }),
        _ => {}
    }
    if let Some(why) = is_too_soon(&mut tx, order, after, at).await? {
        return Ok(NeverPaid::NotProven { why });
    }
    let lines = lines_about(&mut tx, order).await?;
    let cancel_out = lines.len() == 2 && lines.iter().map(|line| line.amount).sum::<i64>() == 0;
    let code = match (shown, lines.first()) {
        (Shown::Nothing, None) => NEVER_PAID,
        (_, Some(_)) if cancel_out => {
            end_lines(&mut tx, order).await?;
            TAKEN_BACK
        }
        (_, Some(line)) => {
            let why =
                format!("Wave's statement has a line about it, which nothing cancels out: {}", line.wave_id);
            return Ok(NeverPaid::NotProven { why });
        }
        (Shown::TakenBack, None) => {
            let why =
                "Wave shows that it was paid and taken back, and its statement has not been seen to say so";
            return Ok(NeverPaid::NotProven { why: why.to_owned() });
        }
    };
    refuse(&mut tx, &payout, order, code, at).await?;
    tx.commit().await?;
    Ok(NeverPaid::Refused { code: code.to_owned() })
}

async fn is_too_soon(
    connection: &mut PgConnection,
    order: PayoutOrder,
    after: TimeDelta,
    at: DateTime<Utc>,
) -> Result<Option<String>, Error> {
    let called = called(connection, order).await?;
    // The later of the two: what counts is how long Wave has had for it.
    let age = at - called.sent_at.max(called.begun_at);
    if age < after {
        let (is, must) = (age.num_hours(), after.num_hours());
        return Ok(Some(format!("its first call is {is} hours old, and must be {must}")));
    }
    let days =
        days_not_compared(connection, dakar::day_of(called.begun_at), dakar::day_of(called.now)).await?;
    let Some(first) = days.first() else { return Ok(None) };
    let more = if days.len() > 1 { format!(" and {} more", days.len() - 1) } else { String::new() };
    Ok(Some(format!(
        "Wave's statement of {first}{more} has not been compared whole: `wolo reconcile run --day {first}`"
    )))
}

struct About {
    wave_id: String,
    amount: i64,
}

async fn lines_about(connection: &mut PgConnection, order: PayoutOrder) -> Result<Vec<About>, Error> {
    Ok(sqlx::query_as!(
        About,
        "select wave_transaction_id as wave_id, amount from money.statement_lines
         where claim in ('payout/' || $1, 'reversal/' || $1)
         order by at",
        order.payout.to_string(),
    )
    .fetch_all(connection)
    .await?)
}

/// The two lines are about this order from now on, and leave the payout to the next one.
async fn end_lines(connection: &mut PgConnection, order: PayoutOrder) -> Result<(), Error> {
    sqlx::query!(
        "update money.statement_lines set claim = claim || '.' || $2::int, verdict = 'matched'
         where claim in ('payout/' || $1, 'reversal/' || $1)",
        order.payout.to_string(),
        number(order)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Called {
    /// By the process's time.
    sent_at: DateTime<Utc>,
    begun_at: DateTime<Utc>,
    now: DateTime<Utc>,
}

async fn called(connection: &mut PgConnection, order: PayoutOrder) -> Result<Called, Error> {
    sqlx::query_as!(
        Called,
        r#"select sent_at, begun_at, clock_timestamp() as "now!"
           from money.payout_orders
           where payout_id = $1 and number = $2"#,
        order.payout.uuid(),
        number(order)?,
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| Error::missing("money.payout_orders", order.key()))
}

/// Days from the first on, and before today, of which no comparison was made after they were over.
async fn days_not_compared(
    connection: &mut PgConnection,
    first: NaiveDate,
    today: NaiveDate,
) -> Result<Vec<NaiveDate>, Error> {
    Ok(sqlx::query_scalar!(
        r#"select day::date as "day!"
           from generate_series($1::date, $2::date - 1, $3::text::interval) as days (day)
           where not exists (
               select from money.reconciliations where reconciliations.day = days.day::date and whole
           )
           order by 1"#,
        first,
        today,
        interval(TimeDelta::days(1)),
    )
    .fetch_all(connection)
    .await?)
}
