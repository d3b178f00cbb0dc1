//! Whether guardians' consents and identity cases have come to where they should be by now, and have their process. One that has lost it
//! ends nothing, hands nothing over and destroys nothing.

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use wolo_api::rules;
use wolo_bootstrap::Settings;
use wolo_control::Control;
use wolo_database::{Pool, consents, identities};
use wolo_domain::punctuality::{DueFor, Lateness};

use super::without_process;
use crate::output::instant;

const UNSURE: &str = "the engine does not say which processes run";

pub(super) async fn consents(pool: &Pool, settings: &Settings) -> Result<String> {
    let late = consents::late(pool, Utc::now(), rules::punctuality(settings), 1)
        .await
        .context("the database does not say which consents are late")?;
    on_time(
        &late,
        "consents that should have ended or been handed over",
        "each has ended or been handed over when it should",
    )
}

pub(super) async fn cases(pool: &Pool, settings: &Settings) -> Result<String> {
    let late = identities::late(pool, Utc::now(), rules::punctuality(settings), 1)
        .await
        .context("the database does not say which cases are late")?;
    on_time(
        &late,
        "cases whose documents should be destroyed, or of which reviewers should have been told",
        "documents are destroyed, and reviewers told, when it is time",
    )
}

fn on_time(late: &Lateness, what: &str, otherwise: &str) -> Result<String> {
    let Some(first) = late.steps.first() else { return Ok(otherwise.to_owned()) };
    let restart = match first.about {
        DueFor::Consent(consent) => format!("wolo consents restart {consent}"),
        DueFor::Case(case) => format!("wolo cases restart {case}"),
        DueFor::Day(_) | DueFor::Pot(_) | DueFor::Invitation(_) => "wolo stuck".to_owned(),
    };
    bail!(
        "{what}: {}, the first since {} ({}): `{restart}`; `wolo stuck` names the others",
        late.total,
        instant(first.since),
        first.what
    )
}

/// Without a process nobody is reminded, silence ends nothing, and nothing is handed over.
pub(super) async fn processes_of_consents(pool: &Pool, control: &Control) -> Result<String> {
    let minors = consents::minors_with_process(pool)
        .await
        .context("the database does not say which consents there are")?;
    let running = control.running_consents().await.context(UNSURE)?;
    let runs = async |minor| control.consent_runs(minor).await;
    let lost = without_process(&minors, &running, runs).await.context(UNSURE)?;
    let Some(first) = lost.first() else {
        return Ok(format!("all that are in force have their process: {}", minors.len()));
    };
    bail!("without a process: {}, such as that of {first}: `wolo consents restart {first}`", lost.len())
}

/// Without a process nothing can be sent, looked at or decided, and nothing is destroyed.
pub(super) async fn processes_of_cases(pool: &Pool, control: &Control) -> Result<String> {
    let cases =
        identities::unfinished(pool).await.context("the database does not say which cases there are")?;
    let running = control.running_cases().await.context(UNSURE)?;
    let runs = async |case| control.case_runs(case).await;
    let lost = without_process(&cases, &running, runs).await.context(UNSURE)?;
    let Some(first) = lost.first() else {
        return Ok(format!("all that are not over have their process: {}", cases.len()));
    };
    bail!("without a process: {}, such as {first}: `wolo cases restart {first}`", lost.len())
}
