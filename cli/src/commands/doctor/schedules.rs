//! Whether what starts by itself does. Whoever deletes or pauses the check of lateness hears of nothing that is late any more, so
//! somebody who looks from outside has to say so.

use anyhow::{Context as _, Result, bail};
use wolo_control::schedules::ALL;
use wolo_control::{AskError, Control};

pub(super) async fn schedules(control: &Control) -> Result<String> {
    let (mut missing, mut paused) = (Vec::new(), Vec::new());
    for schedule in ALL {
        match control.schedule(schedule).await {
            Err(AskError::NotFound) => missing.push(schedule),
            known => {
                let known = known.context("the engine gave no answer about its schedules")?;
                paused.extend(known.paused.then_some(schedule));
            }
        }
    }
    if !missing.is_empty() {
        bail!("{} are not there: start a worker, which makes them", missing.join(", "));
    }
    if !paused.is_empty() {
        bail!("{} are paused: `wolo schedules resume`", paused.join(", "));
    }
    Ok(format!("all {} are active", ALL.len()))
}
