//! `wolo bench gifts`: our gifts and bare processes of the same shape, in turns, on one engine.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;
use wolo_bootstrap::temporal;
use wolo_sandbox::processes::{Launch, Process, Stop};

use super::board::Board;
use super::giving::{Giving, Times, micros};
use super::report::{Report, Run};
use super::{bare, options, process, sorted, warn_of_debug_build, within};
use crate::local::{Local, Parts};
use crate::output::{Format, Progress};

/// Gifts that nobody measures, until pools and caches are warm.
const WARM_UP: u32 = 40;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) count: u32,
    pub(crate) concurrency: u32,
    pub(crate) rounds: u32,
}

/// Measures and prints.
pub(crate) async fn gifts(load: Load, format: Format) -> Result<()> {
    warn_of_debug_build();
    let starting = Progress::spinning("the world comes up");
    let local = Local::start(options()?).await?;
    let mut yardstick = Yardstick::start(&local).await?;
    drop(starting);
    let measured = measure(&local, &yardstick, load).await;
    yardstick.worker.stop().await;
    local.shutdown().await?;
    measured?.print(format)
}

/// The bare worker and the file in which it writes what is known.
struct Yardstick {
    worker: Process,
    record: PathBuf,
}

impl Yardstick {
    async fn start(local: &Local) -> Result<Self> {
        let folder = local.world.folder();
        let record = folder.path().join("bare-gifts");
        let worker = Process::start(&Launch {
            name: "the bare worker",
            program: std::env::current_exe()?,
            arguments: vec!["serve".into(), "bare-worker".into(), record.clone().into()],
            environment: vec![("WOLO_CONFIG", local.addresses.settings.display().to_string())],
            withheld: Some("WOLO__"),
            working_folder: folder.path().to_owned(),
            log: folder.log("bare-worker"),
            user: None,
            stop: Stop { signal: "TERM", patience: 10 },
        })
        .await?;
        Ok(Self { worker, record })
    }
}

async fn measure(local: &Local, yardstick: &Yardstick, load: Load) -> Result<Report> {
    let Parts::Apart { api, worker } = &local.parts else {
        bail!("processes of their own are what is measured")
    };
    let ours = Giving::ready(local).await?;
    let bare = Bare::ready(local, yardstick).await?;
    let server = local.world.temporal.pid();
    let warm = Load { count: WARM_UP.min(load.count), ..load };
    give_ours(&ours, &warm).await?;
    bare.give(&warm).await?;
    let mut report = Report::new(load);
    let progress = Progress::counting("rounds", (load.rounds * 2).into());
    for round in 0..load.rounds {
        let before = Cost::now(worker.pid(), server)?;
        let begun = process::cpu_ms(api.pid())?;
        let times = give_ours(&ours, &load).await?;
        let run = before.run(worker.pid(), server, &times)?;
        report.ours.push(Run { api_cpu_ms: process::cpu_ms(api.pid())? - begun, ..run });
        progress.to((round * 2 + 1).into());
        let before = Cost::now(yardstick.worker.pid(), server)?;
        let times = bare.give(&load).await?;
        report.bare.push(before.run(yardstick.worker.pid(), server, &times)?);
        progress.to((round * 2 + 2).into());
    }
    Ok(report)
}

/// What worker and server have cost until now.
struct Cost {
    worker_ms: u64,
    server_ms: u64,
}

impl Cost {
    fn now(worker: u32, server: u32) -> Result<Self> {
        Ok(Self { worker_ms: process::cpu_ms(worker)?, server_ms: process::cpu_ms(server)? })
    }

    fn run(&self, worker: u32, server: u32, times: &[Times]) -> Result<Run> {
        let after = Self::now(worker, server)?;
        let first = times.iter().map(|one| one.asked).min().context("no gift was given")?;
        let last = times.iter().map(|one| one.known).max().context("no gift was given")?;
        let took = sorted(times.iter().map(Times::took_us));
        let at = |percent| within(&took, percent) / 1000;
        Ok(Run {
            gifts: u64::try_from(times.len())?,
            took_ms: (micros(last - first) / 1000).max(1),
            p50_ms: at(50),
            p99_ms: at(99),
            worker_cpu_ms: after.worker_ms - self.worker_ms,
            worker_peak_kib: process::peak_kib(worker)?,
            server_cpu_ms: after.server_ms - self.server_ms,
            api_cpu_ms: 0,
        })
    }
}

/// Gives `count` gifts, as many at once as the load says.
async fn all<F: Future<Output = Result<Times>>>(load: &Load, give: impl Fn(u32) -> F) -> Result<Vec<Times>> {
    let at_once = usize::try_from(load.concurrency.max(1))?;
    stream::iter(0..load.count).map(give).buffer_unordered(at_once).try_collect().await
}

/// Our gifts, each round's into a pot of its own.
async fn give_ours(giving: &Giving<'_>, load: &Load) -> Result<Vec<Times>> {
    giving.in_a_pot(async |giver| all(load, |_| giver.give()).await).await
}

/// Bare processes on their own queue.
struct Bare<'a> {
    client: temporalio_client::Client,
    record: &'a PathBuf,
}

impl<'a> Bare<'a> {
    async fn ready(local: &Local, yardstick: &'a Yardstick) -> Result<Self> {
        Ok(Self { client: temporal::connect(&local.settings.temporal).await?, record: &yardstick.record })
    }

    async fn give(&self, load: &Load) -> Result<Vec<Times>> {
        let board = Board::default();
        let watching = bare::watch(self.record, &board);
        let giving = all(load, |_| async {
            let name = Uuid::new_v4().simple().to_string();
            let asked = Utc::now();
            Ok(Times { asked, known: bare::give(&self.client, &board, &name).await? })
        });
        tokio::select! {
            times = giving => times,
            broken = watching => Err(broken.err().context("the record is no longer looked at")?),
        }
    }
}
