//! Whether the pots of those whose birthday comes are made.

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use wolo_api::rules;
use wolo_bootstrap::Settings;
use wolo_database::{Pool, birthdays, punctuality};
use wolo_domain::dakar;

use crate::output::{day, instant};

pub(super) async fn birthdays(pool: &Pool, settings: &Settings) -> Result<String> {
    let unsure = "the database does not say which birthdays have been looked after";
    let last = birthdays::last(pool, 1).await.context(unsure)?;
    let missed = punctuality::sweeps(pool, Utc::now(), rules::punctuality(settings)).await.context(unsure)?;
    if let Some(first) = missed.first() {
        bail!(
            "the pots of {} days have not been made, the first of them {}: `wolo sweep run`",
            missed.len(),
            day(dakar::day_of(first.since))
        );
    }
    Ok(last.first().map_or_else(
        || "nothing was due yet".to_owned(),
        |last| format!("swept on {}: {} pots begun", instant(last.ended_at), last.started),
    ))
}
