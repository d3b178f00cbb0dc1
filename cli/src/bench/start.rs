//! `wolo bench start`: how long until everything is ready, and what it weighs while nothing happens.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::json;

use super::goals::{self, Goal};
use super::report::tenths;
use super::{median, options, process, warn_of_debug_build};
use crate::local::{Local, Parts};
use crate::output::{self, Format, Progress};

/// What a process allocates for its start it may give back a little later.
const IDLE: Duration = Duration::from_secs(5);
const READY_MS_GOAL: u64 = 15_000;
const RESIDENT_KIB_GOAL: u64 = 120 * 1024;

#[derive(Debug, Clone, Copy)]
struct Start {
    ready_ms: u64,
    api_kib: u64,
    worker_kib: u64,
}

/// Measures and prints.
pub(crate) async fn start(rounds: u32, format: Format) -> Result<()> {
    warn_of_debug_build();
    let progress = Progress::counting("starts", rounds.into());
    let mut starts = Vec::new();
    for round in 0..rounds {
        starts.push(Box::pin(once()).await?);
        progress.to((round + 1).into());
    }
    drop(progress);
    let of = |figure: fn(&Start) -> u64| median(starts.iter().map(figure));
    let (ready_ms, api_kib, worker_kib) =
        (of(|one| one.ready_ms), of(|one| one.api_kib), of(|one| one.worker_kib));
    let together = api_kib + worker_kib;
    let (quick, small) = (ready_ms <= READY_MS_GOAL, together <= RESIDENT_KIB_GOAL);
    let goals = [
        Goal {
            name: "ready after".to_owned(),
            found: format!("{} s", tenths(ready_ms)),
            wanted: "at most 15.0 s".to_owned(),
            ok: quick,
        },
        Goal {
            name: "idle".to_owned(),
            found: format!(
                "API {} MiB and worker {} MiB, together {} MiB",
                api_kib / 1024,
                worker_kib / 1024,
                together / 1024
            ),
            wanted: "together at most 120 MiB".to_owned(),
            ok: small,
        },
    ];
    if format.json {
        output::json(&json!({
            "rounds": rounds, "ready_ms": ready_ms, "api_kib": api_kib, "worker_kib": worker_kib,
            "together_kib": together, "ok": quick && small, "debug_build": cfg!(debug_assertions),
        }))?;
    } else {
        goals::say(&goals);
    }
    goals::all_met(&goals)
}

async fn once() -> Result<Start> {
    let began = Instant::now();
    let local = Local::start(options()?).await?;
    let ready_ms = u64::try_from(began.elapsed().as_millis())?;
    tokio::time::sleep(IDLE).await;
    let Parts::Apart { api, worker } = &local.parts else {
        bail!("processes of their own are what is measured")
    };
    let (api_kib, worker_kib) = (process::resident_kib(api.pid())?, process::resident_kib(worker.pid())?);
    local.shutdown().await?;
    Ok(Start { ready_ms, api_kib, worker_kib })
}
