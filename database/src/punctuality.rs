//! Which steps were due and have not been done, and telling of each once.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use wolo_domain::dakar;
use wolo_domain::ids::PotId;
use wolo_domain::pots::HoldReason;
use wolo_domain::punctuality::{DueFor, DueStep, LateStep, Lateness, Punctuality};

use crate::outbox::{self, Topic};
use crate::rows::{interval, word};
use crate::{Error, Pool, birthdays, consents, identities, invitations};

/// So many are told of one by one. When more are late, one thing is wrong and not many, and is told of once a day.
const FEW: u64 = 10;

/// Everything that is late at a moment: days that nobody has swept, pots, invitations, consents and identity cases.
#[tracing::instrument(name = "db.punctuality.late", skip_all, err)]
pub async fn late(pool: &Pool, at: DateTime<Utc>, rules: Punctuality, limit: u32) -> Result<Lateness, Error> {
    let mut steps = sweeps(pool, at, rules).await?;
    let days = u64::try_from(steps.len()).unwrap_or(u64::MAX);
    let others = [
        pots(pool, at, rules, limit).await?,
        invitations::late(pool, at, rules, limit).await?,
        consents::late(pool, at, rules, limit).await?,
        identities::late(pool, at, rules, limit).await?,
    ];
    let total = others.iter().fold(days, |total, late| total + late.total);
    steps.extend(others.into_iter().flat_map(|late| late.steps));
    steps.sort_by_key(|step| step.since);
    steps.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Lateness { steps, total })
}

/// Days that nobody has swept though their hour is long past, the oldest first.
#[tracing::instrument(name = "db.punctuality.sweeps", skip_all, err)]
pub async fn sweeps(pool: &Pool, at: DateTime<Utc>, rules: Punctuality) -> Result<Vec<LateStep>, Error> {
    let Some(first) = sqlx::query_scalar!("select min(created_at) from people.users").fetch_one(pool).await?
    else {
        return Ok(Vec::new());
    };
    let unswept = birthdays::unswept(pool, dakar::day_of(at), rules.look_back_days).await?;
    let late = unswept.into_iter().filter_map(|day| {
        let since = due_at(day, first, rules.sweep_hour);
        let is_late = since + rules.lateness() < at;
        is_late.then_some(LateStep { what: DueStep::Sweep, about: DueFor::Day(day), since })
    });
    Ok(late.collect())
}

/// Where the first person came after the hour of their day, the next morning's sweep was the first that could be expected.
fn due_at(day: NaiveDate, first_came: DateTime<Utc>, hour: u32) -> DateTime<Utc> {
    let due = dakar::hour_of(day, hour);
    if due < first_came { dakar::hour_of(dakar::days_after(day, 1), hour) } else { due }
}

/// Pots that should have opened, closed or begun to pay out by now, those first that have waited longest. What holds a pot keeps it
/// from opening and from paying out, and not from closing: one that was never open ends with its birthday.
/// The day after its closing is a pot's whole day to begin to pay out, whatever the hour; while payouts are stopped, none is due.
#[tracing::instrument(name = "db.punctuality.pots", skip_all, err)]
pub async fn pots(pool: &Pool, at: DateTime<Utc>, rules: Punctuality, limit: u32) -> Result<Lateness, Error> {
    let stopping: Vec<_> = HoldReason::ALL
        .into_iter()
        .filter(|reason| reason.stops_everything())
        .map(|reason| reason.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"select what as "what!", pot_id as "pot_id!", since as "since!", count(*) over () as "total!"
           from (
               select 'opening' as what, pot_id, opens_at as since
               from pots.pots
               where stage = 'scheduled' and opens_at < $1::timestamptz - $2::text::interval
                 and not exists (
                     select from pots.holds
                     where holds.pot_id = pots.pot_id and released_at is null and reason = any ($3)
                 )
               union all
               select 'closing', pot_id, closes_at
               from pots.pots
               where stage = 'open' and closes_at < $1::timestamptz - $2::text::interval
               union all
               select 'closing', pot_id, closes_at
               from pots.pots
               where stage = 'scheduled' and opens_at < $1::timestamptz - $2::text::interval
                 and closes_at < $1::timestamptz - $2::text::interval
                 and exists (
                     select from pots.holds
                     where holds.pot_id = pots.pot_id and released_at is null and reason = any ($3)
                 )
               union all
               select 'payout', pot_id, due
               from pots.pots
               cross join lateral (
                   select ((least(closed_at, closes_at) at time zone 'Africa/Dakar')::date + 2)::timestamp
                              at time zone 'Africa/Dakar' as due
               ) as its
               where stage = 'closed' and closed_at < $1::timestamptz and due < $1::timestamptz - $2::text::interval
                 and not exists (
                     select from pots.holds where holds.pot_id = pots.pot_id and released_at is null
                 )
                 and not exists (select from money.halts where lifted_at is null)
           ) as late
           order by since, pot_id
           limit $4"#,
        at,
        interval(rules.lateness()),
        &stopping,
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    let total = rows.first().map_or(0, |row| u64::try_from(row.total).unwrap_or(0));
    let steps = rows.into_iter().map(|row| {
        let what = word(&row.what, "pots.pots", "stage", row.pot_id)?;
        Ok(LateStep { what, about: DueFor::Pot(PotId::from_uuid(row.pot_id)), since: row.since })
    });
    Ok(Lateness { steps: steps.collect::<Result<_, Error>>()?, total })
}

/// Writes what is late for the relay: each step once, or all of them as one when they are many.
#[tracing::instrument(name = "db.punctuality.tell", skip_all, err)]
pub async fn tell(pool: &Pool, at: DateTime<Utc>, late: &Lateness) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    if late.total > FEW {
        let Some(first) = late.steps.first() else { return Ok(()) };
        let payload = json!({ "count": late.total, "since": first.since });
        let key = format!("many/{}", dakar::day_of(at));
        outbox::write_about(&mut tx, Topic::StepsLate, &key, None, payload).await?;
    } else {
        for step in &late.steps {
            let pot = match step.about {
                DueFor::Pot(pot) => Some(pot),
                DueFor::Day(_) | DueFor::Invitation(_) | DueFor::Consent(_) | DueFor::Case(_) => None,
            };
            outbox::write_about(&mut tx, Topic::StepLate, &step.key(), pot, json!(step)).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
