//! `wolo bench sweep`: whom the sweep of a day finds among very many people, page by page, as its process reads them.
//!
//! The people are written by one statement, straight into a Postgres of their own: nothing else runs here, and no pot is made.
//! As many celebrate on the day as on a day of the year. Then everybody who celebrates in the days that a sweep looks back on has a
//! pot, as in ordinary life, and it is asked whom it has overlooked: nobody, which takes the longest, because all are looked at.
//! Asked for the pots too, it goes on with a world in which a worker makes them.

mod made;

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use chrono::{Datelike as _, NaiveDate};
use serde_json::json;
use wolo_database::{Page, Pool, birthdays, pots};
use wolo_domain::dakar;
use wolo_domain::ids::UserId;
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::{Postgres, postgres};

use super::goals::{self, Goal};
use super::{LOOK, median, options, warn_of_debug_build};
use crate::output::{self, Format, Progress};

const GOAL_MS: u64 = 1_000;
/// The people whose pots the process starts in one step.
const PAGE: u32 = 200;

/// A sweep looks back so many days, and each is for a birthday as many days later.
const LOOK_BACK: u32 = 30;
/// So many days after the day on which few celebrate the year is full of people, see [`born`].
const FULL_FROM: u32 = 7;

/// Measures and prints.
pub(crate) async fn sweep(people: u32, rounds: u32, make_pots: bool, format: Format) -> Result<()> {
    warn_of_debug_build();
    let folder = DataFolder::temporary().context("there is no room for a database")?;
    let cluster = Postgres::start(&folder, None).await?;
    let measured = measure(&cluster, people, rounds).await;
    cluster.shutdown().await;
    let Found { took_ms, overlooked_ms, with_pots } = measured?;
    let made = if make_pots { Some(Box::pin(made::make(people)).await?) } else { None };
    let mut goals = vec![Goal {
        name: format!("the {} of {people} who celebrate", celebrants(people)),
        found: format!(
            "read in {took_ms} ms, by {PAGE}; nobody overlooked among {with_pots} who have their pot: {overlooked_ms} ms"
        ),
        wanted: format!("at most {GOAL_MS} ms together"),
        ok: took_ms + overlooked_ms <= GOAL_MS,
    }];
    goals.extend(made.as_ref().map(made::Made::goal));
    if format.json {
        output::json(&json!({
            "people": people, "celebrants": celebrants(people), "page": PAGE, "rounds": rounds, "took_ms": took_ms,
            "overlooked_ms": overlooked_ms, "have_pots": with_pots, "pots": made,
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

/// How long it took, in the middle of all rounds.
struct Found {
    /// To read who celebrates on the day.
    took_ms: u64,
    /// To see that nobody was overlooked in the days before.
    overlooked_ms: u64,
    /// Who have their pot already and celebrate in those days.
    with_pots: usize,
}

async fn measure(cluster: &Postgres, people: u32, rounds: u32) -> Result<Found> {
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
    let writing = Progress::spinning("their pots are written");
    cluster.fill(postgres::DATABASE, &have_pots(birthday)).await.context("the pots could not be written")?;
    let with_pots = pots::unfinished(&pool).await?.len();
    drop(writing);
    let today = dakar::days_after(birthday, FULL_FROM);
    let mut overlooked = Vec::new();
    for _ in 0..rounds {
        let began = Instant::now();
        let days = birthdays::overlooked(&pool, today, LOOK_BACK, &[], 1).await?;
        overlooked.push(u64::try_from(began.elapsed().as_millis())?);
        ensure!(days.is_empty(), "everybody has a pot, and {days:?} are to be swept once more");
    }
    Ok(Found { took_ms: median(took.into_iter()), overlooked_ms: median(overlooked.into_iter()), with_pots })
}

/// The pots of everybody who celebrates in the days that are looked at.
fn have_pots(birthday: NaiveDate) -> String {
    format!(
        "insert into pots.pots (
             pot_id, owner_id, title, description, target, visibility, show_donor_names, show_amounts, allow_anonymous,
             allow_messages, surprise, birthday, opens_at, closes_at, created_at
         )
         select gen_random_uuid(), user_id, 'Fête', '', 25000, 'link', true, true, true, true, false, day, day - {LOOK_BACK}, day + 1,
             day - {LOOK_BACK}
         from (
             select user_id,
                 (birth_date + make_interval(years => {year} - extract(year from birth_date)::integer))::date as day
             from people.users
         ) days
         where day between date '{birthday}' + {FULL_FROM} and date '{birthday}' + {FULL_FROM} + {LOOK_BACK};
         analyze pots.pots;",
        year = birthday.year(),
    )
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
