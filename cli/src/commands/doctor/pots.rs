//! Whether every pot that goes on has its process. Nothing opens, closes or pays out a pot without one, and nothing else would
//! tell: it still takes gifts, which are safe in the ledger and wait there.

use anyhow::{Context as _, Result, bail};
use wolo_control::Control;
use wolo_database::{Pool, pots};
use wolo_domain::ids::PotId;

use super::without_process;
use crate::commands::pots::restart_it;

/// So many are named; the rest is counted.
const NAMED: usize = 5;

pub(super) async fn processes(pool: &Pool, control: &Control) -> Result<String> {
    let unfinished =
        pots::unfinished(pool).await.context("the database does not say which pots there are")?;
    let lost = lost(pool, control, &unfinished).await?;
    match lost.as_slice() {
        [] => Ok(format!("all that go on have their process: {}", unfinished.len())),
        [pot] => bail!("{pot} has no process: {}", restart_it(*pot)),
        several => {
            let named: Vec<_> = several.iter().take(NAMED).map(PotId::to_string).collect();
            let more = if several.len() > NAMED { ", …" } else { "" };
            bail!(
                "{} have no process: {}{more}: start each again with `wolo pots restart <POT>`",
                several.len(),
                named.join(", ")
            )
        }
    }
}

/// Pots that have not ended though nothing moves them. They are looked at once more in the database: a pot may have come to its
/// end meanwhile.
async fn lost(pool: &Pool, control: &Control, unfinished: &[PotId]) -> Result<Vec<PotId>> {
    let unsure = "the engine does not say which processes run";
    let running = control.running_pots().await.context(unsure)?;
    let without = without_process(unfinished, &running, async |pot| control.pot_runs(pot).await)
        .await
        .context(unsure)?;
    let mut lost = Vec::new();
    for pot in without {
        if pots::pot(pool, pot).await?.is_some_and(|pot| !pot.stage.has_ended()) {
            lost.push(pot);
        }
    }
    Ok(lost)
}
