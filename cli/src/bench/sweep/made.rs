//! The pots of the day, made by a worker on an engine: each person gets one, with one process, however often the day is swept.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{Datelike as _, Utc};
use serde::Serialize;
use temporalio_client::WorkflowCountOptions;
use wolo_api::rules;
use wolo_control::Control;
use wolo_database::pots::Filter;
use wolo_database::{Page, Pool, pots};
use wolo_domain::dakar;
use wolo_domain::ids::PotId;
use wolo_domain::pots::PotStage;
use wolo_sandbox::postgres;

use super::{LOOK, all, born, celebrants, options};
use crate::bench::goals::Goal;
use crate::local::Local;
use crate::output::Progress;

/// Nothing takes longer unless it is broken.
const LONG: Duration = Duration::from_hours(1);
const EVERY_POT: &str = "WorkflowType = 'PotLifecycle'";

#[derive(Debug, Serialize)]
pub(super) struct Made {
    /// Who celebrated.
    people: usize,
    /// Until the sweep had begun all of them and noted its day.
    begun_ms: u64,
    /// Until each was written down and open.
    open_ms: u64,
    /// Pots that were written.
    pots: usize,
    /// Processes of pots that the engine knows, ended ones too.
    processes: usize,
    /// The same day swept once more has begun so many.
    begun_again: u64,
}

impl Made {
    pub(super) fn goal(&self) -> Goal {
        let Self { people, begun_ms, open_ms, pots, processes, begun_again } = self;
        Goal {
            name: format!("the pots of {people}"),
            found: format!(
                "begun in {} s and open after {} s: {pots} pots and {processes} processes; swept again: {begun_again} more",
                begun_ms.div_ceil(1_000),
                open_ms.div_ceil(1_000),
            ),
            wanted: "each person one pot and one process".to_owned(),
            ok: pots == people && processes == people && *begun_again == 0,
        }
    }
}

/// Sweeps today in a world of its own.
pub(super) async fn make(people: u32) -> Result<Made> {
    let starting = Progress::spinning("the world comes up");
    let local = Local::start(options()?).await?;
    drop(starting);
    let made = within(&local, people).await;
    local.shutdown().await?;
    made
}

async fn within(local: &Local, people: u32) -> Result<Made> {
    let numbers = &local.settings.rules;
    let today = dakar::day_of(Utc::now());
    let birthday = dakar::days_after(today, numbers.opens_days_before);
    let writing = Progress::spinning("the people are written");
    let people_of_all_days = born(people, birthday);
    let filling = local.world.postgres.fill(postgres::DATABASE, &people_of_all_days);
    filling.await.context("the people could not be written")?;
    drop(writing);
    let (pool, control) = (local.pool(2).await?, local.control().await?);
    let wanted: BTreeSet<_> = all(&pool, birthday)
        .await?
        .into_iter()
        .map(|user| PotId::for_birthday(user, birthday.year()))
        .collect();
    ensure!(u32::try_from(wanted.len())? == celebrants(people), "{} celebrate", wanted.len());

    let progress = Progress::counting("pots", celebrants(people).into());
    let began = Instant::now();
    let sweep = async || control.sweep_birthdays(Some(today), rules::birthday_pots(numbers)).await;
    sweep().await.context("the day could not be swept")?;
    let begun_ms = u64::try_from(began.elapsed().as_millis())?;
    let written = comes_about(began, async || {
        let open: BTreeSet<_> = open(&pool).await?.into_iter().collect();
        progress.to(u64::try_from(open.len())?);
        Ok(open.is_superset(&wanted).then_some(()))
    });
    written.await.context("not every pot was opened")?;
    let open_ms = u64::try_from(began.elapsed().as_millis())?;
    drop(progress);
    let again = sweep().await.context("the day could not be swept once more")?;
    // The engine's index may lag behind.
    let indexed = comes_about(began, async || {
        let running: BTreeSet<_> = control.running_pots().await?.into_iter().collect();
        Ok(running.is_superset(&wanted).then_some(()))
    });
    indexed.await.context("not every pot has a process")?;
    Ok(Made {
        people: wanted.len(),
        begun_ms,
        open_ms,
        pots: pots::unfinished(&pool).await?.len(),
        processes: processes(&control).await?,
        begun_again: again.iter().map(|day| day.started).sum(),
    })
}

async fn open(pool: &Pool) -> Result<Vec<PotId>> {
    let filter = Filter { stage: Some(PotStage::Open), held: None };
    let (mut found, mut page) = (Vec::new(), Page::first(1_000));
    loop {
        let some = pots::all(pool, filter, page).await?;
        let Some(last) = some.last() else { return Ok(found) };
        page = Page::after(last.id, 1_000);
        found.extend(some.into_iter().map(|pot| pot.id));
    }
}

async fn processes(control: &Control) -> Result<usize> {
    let counted = control.client().count_workflows(EVERY_POT, WorkflowCountOptions::default()).await?;
    Ok(counted.count())
}

/// Looks until it is so.
async fn comes_about<T>(since: Instant, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if since.elapsed() > LONG {
            bail!("it takes too long");
        }
        tokio::time::sleep(LOOK * 10).await;
    }
}
