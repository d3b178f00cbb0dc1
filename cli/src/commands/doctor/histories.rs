//! Whether what ended processes went through is archived before the engine forgets it.

use anyhow::{Context as _, Result, bail};
use chrono::{TimeDelta, Utc};
use wolo_database::{Pool, histories};

use crate::output::instant;

/// Some hours of a schedule that comes every hour, well within the day after which an engine of one's own forgets.
const BEHIND: TimeDelta = TimeDelta::hours(6);
/// So long what was lost is told of.
const TOLD: TimeDelta = TimeDelta::days(7);

pub(super) async fn archived(pool: &Pool) -> Result<String> {
    let (now, unsure) = (Utc::now(), "the database does not say what is archived");
    let Some(mark) = histories::mark(pool).await.context(unsure)? else {
        return Ok("nothing was archived yet".to_owned());
    };
    if now - mark > BEHIND {
        bail!("archived up to {} only: `wolo schedules trigger history-archive`", instant(mark));
    }
    let lost = histories::lost(pool, now - TOLD).await.context(unsure)?;
    if lost > 0 {
        bail!("{lost} of this week could not be archived: the engine forgets before the archive comes");
    }
    Ok(format!("archived up to {}", instant(mark)))
}
