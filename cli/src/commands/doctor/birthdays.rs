//! Whether the pots of those whose birthday comes are made.

use anyhow::{Context as _, Result, bail};
use chrono::{TimeDelta, Utc};
use wolo_bootstrap::settings::Rules;
use wolo_database::{Pool, birthdays};
use wolo_domain::dakar;

use crate::output::{day, instant};

/// So long after its hour a sweep is late.
const AN_HOUR: TimeDelta = TimeDelta::hours(1);

pub(super) async fn birthdays(pool: &Pool, rules: &Rules) -> Result<String> {
    let unsure = "the database does not say which birthdays have been looked after";
    let now = Utc::now();
    let today = dakar::day_of(now);
    let last = birthdays::last(pool, 1).await.context(unsure)?;
    // On its first day a system may have come after the hour.
    let is_late = !last.is_empty() && now > dakar::hour_of(today, rules.sweep_hour_dakar) + AN_HOUR;
    let mut missed = birthdays::unswept(pool, today, rules.opens_days_before).await.context(unsure)?;
    missed.retain(|day| *day < today || is_late);
    if let Some(first) = missed.first() {
        bail!(
            "the pots of {} days have not been made, the first of them {}: `wolo sweep run`",
            missed.len(),
            day(*first)
        );
    }
    Ok(last.first().map_or_else(
        || "nothing was due yet".to_owned(),
        |last| format!("swept on {}: {} pots begun", instant(last.ended_at), last.started),
    ))
}
