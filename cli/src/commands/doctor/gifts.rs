//! Whether every gift that waits has its process. The hourly comparison takes up those that have not, so what is seen here has
//! lost its process within the hour, or no comparison runs.

use anyhow::{Context as _, Result, bail};
use chrono::{TimeDelta, Utc};
use wolo_bootstrap::Settings;
use wolo_control::Control;
use wolo_database::{Page, Pool, donations};

/// More than so many of a kind are not looked at.
const MOST: u32 = 1_000;

pub(super) async fn processes(pool: &Pool, control: &Control, settings: &Settings) -> Result<String> {
    let unsure = "the database does not say which gifts wait";
    let over = Utc::now() - TimeDelta::minutes(settings.books.under_way_minutes.into());
    let due = donations::due(pool, Page::first(MOST)).await.context(unsure)?;
    let overdue = donations::overdue(pool, over, Page::first(MOST)).await.context(unsure)?;
    let unsure = "the engine does not say which processes run";
    let (mut lost_refunds, mut lost_gifts) = (0, 0);
    for (donation, _) in &due {
        lost_refunds += u32::from(!control.refund_runs(*donation).await.context(unsure)?);
    }
    for donation in &overdue {
        lost_gifts += u32::from(!control.donation_runs(*donation).await.context(unsure)?);
    }
    if lost_refunds + lost_gifts > 0 {
        bail!(
            "{lost_refunds} due to go back and {lost_gifts} not settled have no process: the comparison of the hour takes \
             them up, `wolo reconcile run` does it now"
        );
    }
    Ok(format!("{} due to go back and {} that ask Wave late have their process", due.len(), overdue.len()))
}
