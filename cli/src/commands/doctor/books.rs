//! Whether payouts are stopped, whether a day of Wave's statement was missed, and how much of it waits for finance.

use anyhow::{Context as _, Result, bail};
use chrono::{TimeDelta, Utc};
use wolo_bootstrap::Settings;
use wolo_database::{Page, Pool, discrepancies, halts, reconciliation};
use wolo_domain::dakar;

use crate::output::{day, instant};

/// More than so many are not counted.
const MOST: u32 = 1_000;

pub(super) async fn books(pool: &Pool, settings: &Settings) -> Result<String> {
    let unsure = "the database does not say how the books are";
    if let Some(halt) = halts::standing(pool).await.context(unsure)? {
        bail!("payouts are stopped since {} ({}): see `wolo ledger check`", instant(halt.since), halt.reason);
    }
    // Yesterday's turn comes in the night.
    let yesterday = dakar::days_before(dakar::day_of(Utc::now()), 1);
    let missed = reconciliation::uncompared(pool, yesterday).await.context(unsure)?;
    if let Some(first) = missed.first() {
        bail!(
            "{} of Wave's days have not been compared since they were over, the first of them {}: `wolo reconcile run --missed`",
            missed.len(),
            day(*first)
        );
    }
    let open = discrepancies::all(pool, None, false, Page::first(MOST)).await.context(unsure)?;
    let days = settings.books.discrepancy_days;
    let overdue = discrepancies::open_since_before(pool, Utc::now() - TimeDelta::days(days.into())).await;
    let overdue = overdue.context(unsure)?;
    if overdue > 0 {
        bail!("{overdue} discrepancies are older than {days} days: see `wolo discrepancies list`");
    }
    let (count, oldest) = (open.len(), open.last().map(|one| one.first_seen_at));
    Ok(match oldest {
        None => "payouts may leave; Wave's statement and ours agree".to_owned(),
        Some(oldest) => format!(
            "payouts may leave; {count} to look at with `wolo discrepancies list`, the oldest since {}",
            instant(oldest)
        ),
    })
}
