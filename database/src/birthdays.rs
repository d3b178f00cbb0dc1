//! Whose birthday comes, and for which days their pots have been made.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use crate::rows::Page;
use crate::{Error, Pool};

/// Somebody who celebrates and has no pot yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Celebrant {
    pub user: UserId,
    pub name: String,
}

impl fmt::Debug for Celebrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Celebrant({})", self.user)
    }
}

/// Everybody who celebrates on a day, has no pot for that year and wants one, by id. Nobody whose account is locked.
#[tracing::instrument(name = "db.birthdays.celebrants", skip_all, fields(%birthday), err)]
pub async fn celebrants(
    pool: &Pool,
    birthday: NaiveDate,
    page: Page<UserId>,
) -> Result<Vec<Celebrant>, Error> {
    let places = BirthDate::places_celebrated_on(birthday);
    let rows = sqlx::query!(
        "select user_id, name
         from people.users
         where extract(month from birth_date)::integer * 100 + extract(day from birth_date)::integer = any ($1)
           and birth_date < $2
           and locked_at is null
           and ($3::uuid is null or user_id > $3)
           and not exists (
               select from people.preferences
               where preferences.user_id = users.user_id and not birthday_pot
           )
           and not exists (
               select from pots.pots
               where owner_id = users.user_id and extract(year from birthday) = extract(year from $2)
           )
         order by user_id
         limit $4",
        &places,
        birthday,
        page.after.map(UserId::uuid),
        page.rows(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Celebrant { user: UserId::from_uuid(row.user_id), name: row.name })
        .collect())
}

/// Somebody by name, with the day they were born, if they want a pot for their birthday. Nobody whose account is locked.
#[tracing::instrument(name = "db.birthdays.celebrant", skip(pool), err)]
pub async fn celebrant(pool: &Pool, user: UserId) -> Result<Option<(Celebrant, BirthDate)>, Error> {
    let row = sqlx::query!(
        "select name, birth_date
         from people.users
         where user_id = $1
           and locked_at is null
           and not exists (
               select from people.preferences
               where preferences.user_id = users.user_id and not birthday_pot
           )",
        user.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (Celebrant { user, name: row.name }, BirthDate::new(row.birth_date))))
}

/// What a sweep of a day came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The day on which pots were to be made.
    pub day: NaiveDate,
    /// The day for which they were made.
    pub birthday: NaiveDate,
    pub celebrants: i64,
    pub started: i64,
    pub ended_at: DateTime<Utc>,
}

/// The days up to this one that have not been swept, the oldest first, and none that is more than so many days ago: its
/// birthday is over. The first of all is the day on which the first person came.
#[tracing::instrument(name = "db.birthdays.unswept", skip_all, fields(%today), err)]
pub async fn unswept(pool: &Pool, today: NaiveDate, look_back_days: u32) -> Result<Vec<NaiveDate>, Error> {
    let look_back = i32::try_from(look_back_days).unwrap_or(i32::MAX);
    Ok(sqlx::query_scalar!(
        r#"select day as "day!"
           from generate_series(0, $2::integer) as ago
           cross join lateral (select $1::date - ago as day) as days
           where day >= (select (min(created_at) at time zone 'Africa/Dakar')::date from people.users)
             and not exists (select from pots.sweeps where sweeps.day = days.day)
           order by day"#,
        today,
        look_back,
    )
    .fetch_all(pool)
    .await?)
}

/// The days of the same window, the oldest first and at most so many, for whose birthday somebody has no pot who is to have one,
/// though they were swept: whoever came, came back or wants one only since. Of a day that is named in `but` nothing more is wanted.
#[tracing::instrument(name = "db.birthdays.overlooked", skip_all, fields(%today), err)]
pub async fn overlooked(
    pool: &Pool,
    today: NaiveDate,
    look_back_days: u32,
    but: &[NaiveDate],
    limit: u32,
) -> Result<Vec<NaiveDate>, Error> {
    let (mut days, mut birthdays, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for ago in 0..=look_back_days {
        let day = dakar::days_before(today, ago);
        let birthday = dakar::days_after(day, look_back_days);
        for place in BirthDate::places_celebrated_on(birthday).into_iter().filter(|_| !but.contains(&day)) {
            days.push(day);
            birthdays.push(birthday);
            places.push(place);
        }
    }
    // Nearly everybody has the pot that a sweep made in these days. They are put aside at once, so that it costs what the days hold,
    // however many people and pots of other years there are; of the few who are left each is looked at.
    let made_since = dakar::start_of(dakar::days_before(today, look_back_days));
    let found = sqlx::query_scalar!(
        r#"with recent as materialized (
               select owner_id, birthday from pots.pots where created_at >= $4
           ),
           celebrating as materialized (
               select day, due.birthday, user_id
               from unnest($1::date[], $2::date[], $3::integer[]) as due (day, birthday, place)
               -- Looked for by their place in the year, day by day.
               cross join lateral (
                   select user_id
                   from people.users
                   where extract(month from birth_date)::integer * 100 + extract(day from birth_date)::integer = due.place
                     and birth_date < due.birthday
                     and locked_at is null
                   offset 0
               ) of_the_day
           ),
           left_over as materialized (
               select day, birthday, user_id
               from celebrating
               where not exists (
                   select from recent where owner_id = user_id and recent.birthday = celebrating.birthday
               )
           )
           select day as "day!"
           from left_over
           where not exists (
                   select from people.preferences
                   where preferences.user_id = left_over.user_id and not birthday_pot
               )
             and not exists (
                   select from pots.pots
                   where owner_id = left_over.user_id
                     and extract(year from pots.birthday) = extract(year from left_over.birthday)
               )
           group by day
           order by day
           limit $5"#,
        &days,
        &birthdays,
        &places,
        made_since,
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    Ok(found)
}

/// Notes that a day has been swept. A day that is swept once more has the figures of both.
#[tracing::instrument(name = "db.birthdays.record", skip_all, fields(%day), err)]
pub async fn record(
    pool: &Pool,
    day: NaiveDate,
    birthday: NaiveDate,
    celebrants: u64,
    started: u64,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into pots.sweeps as known (day, birthday, celebrants, started)
         values ($1, $2, $3, $4)
         on conflict (day) do update
             set celebrants = known.celebrants + excluded.celebrants, started = known.started + excluded.started,
                 ended_at = clock_timestamp()",
        day,
        birthday,
        i64::try_from(celebrants).unwrap_or(i64::MAX),
        i64::try_from(started).unwrap_or(i64::MAX),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The last day that was swept, if one was.
#[tracing::instrument(name = "db.birthdays.last_day", skip_all, err)]
pub async fn last_day(database: impl PgExecutor<'_>) -> Result<Option<NaiveDate>, Error> {
    Ok(sqlx::query_scalar!("select max(day) from pots.sweeps").fetch_one(database).await?)
}

/// The last days that were swept, the last first.
#[tracing::instrument(name = "db.birthdays.last", skip_all, err)]
pub async fn last(pool: &Pool, days: u32) -> Result<Vec<Sweep>, Error> {
    Ok(sqlx::query_as!(
        Sweep,
        "select day, birthday, celebrants, started, ended_at from pots.sweeps order by day desc limit $1",
        i64::from(days),
    )
    .fetch_all(pool)
    .await?)
}
