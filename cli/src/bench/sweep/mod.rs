//! `wolo bench sweep`: whom the sweep of a day finds among very many people, page by page, as its process reads them.
//!
//! The people are written by one statement, straight into a Postgres of their own: nothing else runs here, and no pot is made.
//! As many celebrate on the day as on a day of the year. Asked for the pots too, it goes on with a world in which a worker makes them.

mod made;

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::NaiveDate;
use serde_json::json;
use wolo_database::{Page, Pool, birthdays};
use wolo_domain::ids::UserId;
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::{Postgres, postgres};

use super::goals::{self, Goal};
use super::{LOOK, median, options, warn_of_debug_build};
use crate::output::{self, Format, Progress};

const GOAL_MS: u64 = 1_000;
/// The people whose pots the process starts in one step.
const PAGE: u32 = 200;

/// Measures and prints.
pub(crate) async fn sweep(people: u32, rounds: u32, pots: bool, format: Format) -> Result<()> {
    warn_of_debug_build();
    let folder = DataFolder::temporary().context("there is no room for a database")?;
    let cluster = Postgres::start(&folder, None).await?;
    let measured = measure(&cluster, people, rounds).await;
    cluster.shutdown().await;
    let took_ms = measured?;
    let made = if pots { Some(Box::pin(made::make(people)).await?) } else { None };
    let mut goals = vec![Goal {
        name: format!("the {} of {people} who celebrate", celebrants(people)),
        found: format!("read in {took_ms} ms, by {PAGE}"),
        wanted: format!("at most {GOAL_MS} ms"),
        ok: took_ms <= GOAL_MS,
    }];
    goals.extend(made.as_ref().map(made::Made::goal));
    if format.json {
        output::json(&json!({
            "people": people, "celebrants": celebrants(people), "page": PAGE, "rounds": rounds, "took_ms": took_ms, "pots": made,
            "goals": goals, "debug_build": cfg!(debug_assertions),
        }))?;
    } else {
        goals::say(&goals);
    }
    goals::all_met(&goals)
}

/// So many of them have their birthday on one day: 2,740 of a million.
const fn celebrants(people: u32) -> u32 {
    people.div_ceil(365)
}

async fn measure(cluster: &Postgres, people: u32, rounds: u32) -> Result<u64> {
    let writing = Progress::spinning("the people are written");
    let pool = wolo_database::connect(&cluster.url(postgres::DATABASE), 1).await?;
    wolo_database::migrate(&pool).await?;
    let birthday = NaiveDate::from_ymd_opt(2027, 3, 15).context("there is no such day")?;
    let people_of_all_days = born(people, birthday);
    cluster.fill(postgres::DATABASE, &people_of_all_days).await.context("the people could not be written")?;
    drop(writing);
    let mut took = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let found = read(&pool, birthday).await?;
        took.push(u64::try_from(began.elapsed().as_millis())?);
        ensure!(found == celebrants(people), "{found} were found, and {} celebrate", celebrants(people));
    }
    Ok(median(took.into_iter()))
}

/// The first celebrate on the day, the others at least a week after it and at most ten months. All are grown up.
fn born(people: u32, birthday: NaiveDate) -> String {
    format!(
        "insert into people.users (user_id, name, birth_date)
         select gen_random_uuid(), 'Personne ' || n,
             (date '{birthday}' - make_interval(years => 20 + 4 * (n % 10)))::date
                 + case when n <= {} then 0 else 7 + n % 300 end
         from generate_series(1, {people}) as n;
         analyze people.users;",
        celebrants(people)
    )
}

async fn read(pool: &Pool, birthday: NaiveDate) -> Result<u32> {
    Ok(u32::try_from(all(pool, birthday).await?.len())?)
}

async fn all(pool: &Pool, birthday: NaiveDate) -> Result<Vec<UserId>> {
    let (mut found, mut page) = (Vec::new(), Page::first(PAGE));
    loop {
        let some = birthdays::celebrants(pool, birthday, page).await?;
        let Some(last) = some.last() else { return Ok(found) };
        page = Page::after(last.user, PAGE);
        found.extend(some.into_iter().map(|celebrant| celebrant.user));
    }
}
