//! Whether invitations have ended when nobody answered them, and whether the points that they bring have matured in time. One
//! that has lost its process does neither.

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use wolo_api::rules;
use wolo_bootstrap::Settings;
use wolo_control::Control;
use wolo_database::{Pool, invitations};
use wolo_domain::punctuality::DueFor;

use super::without_process;
use crate::output::instant;

pub(super) async fn invitations(pool: &Pool, settings: &Settings) -> Result<String> {
    let late = invitations::late(pool, Utc::now(), rules::punctuality(settings), 1)
        .await
        .context("the database does not say which invitations are late")?;
    let Some(first) = late.steps.first() else {
        return Ok("each has lapsed or brought its points when it should".to_owned());
    };
    let DueFor::Invitation(invitation) = first.about else { bail!("{} is late", first.what) };
    bail!(
        "invitations that should have lapsed or whose points should have matured: {}, the first since {}: \
         `wolo invitations restart {invitation}`; `wolo stuck` names the others",
        late.total,
        instant(first.since)
    )
}

/// Whether each that waits for an answer has its process: without one nobody is reminded, and who accepts is told to come again.
pub(super) async fn processes(pool: &Pool, control: &Control) -> Result<String> {
    let waiting = invitations::unanswered(pool)
        .await
        .context("the database does not say which invitations there are")?;
    let unsure = "the engine does not say which processes run";
    let running = control.running_invitations().await.context(unsure)?;
    let runs = async |invitation| control.invitation_runs(invitation).await;
    let lost = without_process(&waiting, &running, runs).await.context(unsure)?;
    let Some(first) = lost.first() else {
        return Ok(format!("all that wait for an answer have their process: {}", waiting.len()));
    };
    bail!("without a process: {}, such as {first}: `wolo invitations restart {first}`", lost.len())
}
