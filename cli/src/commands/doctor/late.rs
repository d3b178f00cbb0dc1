//! Whether what pots were to do by now has been done. Days that were not swept are told of beside this.

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use wolo_api::rules;
use wolo_bootstrap::Settings;
use wolo_database::{Pool, punctuality};

use crate::output::instant;

pub(super) async fn steps(pool: &Pool, settings: &Settings) -> Result<String> {
    let late = punctuality::pots(pool, Utc::now(), rules::punctuality(settings), 1)
        .await
        .context("the database does not say which steps are late")?;
    match late.steps.first() {
        None => Ok("every pot has done what was due".to_owned()),
        Some(first) => bail!(
            "pots whose next step is late: {}, the first since {} ({}): see `wolo stuck`",
            late.total,
            instant(first.since),
            first.what
        ),
    }
}
