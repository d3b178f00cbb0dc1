//! Whether each account that is being closed has its process. One that has lost it gives nothing up and is erased never.

use anyhow::{Context as _, Result, bail};
use wolo_control::Control;
use wolo_database::{Pool, closures};

use super::without_process;

const UNSURE: &str = "the engine does not say which processes run";

pub(super) async fn processes(pool: &Pool, control: &Control) -> Result<String> {
    let closing =
        closures::closing(pool).await.context("the database does not say which accounts are being closed")?;
    let running = control.running_closures().await.context(UNSURE)?;
    let runs = async |user| control.closure_runs(user).await;
    let lost = without_process(&closing, &running, runs).await.context(UNSURE)?;
    let Some(first) = lost.first() else {
        return Ok(format!("all that are being closed have their process: {}", closing.len()));
    };
    bail!("without a process: {}, such as {first}: `wolo people erase {first}` goes on with it", lost.len())
}
