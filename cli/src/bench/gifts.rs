//! `wolo bench gifts`: our gifts and bare processes of the same shape, in turns, on one engine.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;
use wolo_bootstrap::temporal;
use wolo_database::{Page, Pool, ledger};
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;
use wolo_domain::pots::Visibility;
use wolo_sandbox::processes::{Launch, Process, Stop};
use wolo_sandbox::wave::Wave;

use super::board::Board;
use super::report::{Report, Run};
use super::{LOOK, bare, options, pot, process, warn_of_debug_build};
use crate::demo::{Api, Card, Made};
use crate::local::{Local, Parts};
use crate::output::{Format, Progress};

/// Two commits may end in another order than they began, so the last seconds are read again each time.
const OVERLAP: TimeDelta = TimeDelta::seconds(1);
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
    let ours = Ours::ready(local).await?;
    let bare = Bare::ready(local, yardstick).await?;
    let server = local.world.temporal.pid();
    let warm = Load { count: WARM_UP.min(load.count), ..load };
    ours.give(&warm).await?;
    bare.give(&warm).await?;
    let mut report = Report::new(load);
    let progress = Progress::counting("rounds", (load.rounds * 2).into());
    for round in 0..load.rounds {
        let before = Cost::now(worker.pid(), server)?;
        let begun = process::cpu_ms(api.pid())?;
        let times = ours.give(&load).await?;
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
        let mut micros: Vec<u64> = times.iter().map(|one| micros(one.known - one.asked)).collect();
        micros.sort_unstable();
        let at = |percent: usize| micros[(micros.len() * percent / 100).min(micros.len() - 1)] / 1000;
        Ok(Run {
            gifts: u64::try_from(times.len())?,
            took_ms: (micros_between(first, last) / 1000).max(1),
            p50_ms: at(50),
            p99_ms: at(99),
            worker_cpu_ms: after.worker_ms - self.worker_ms,
            worker_peak_kib: process::peak_kib(worker)?,
            server_cpu_ms: after.server_ms - self.server_ms,
            api_cpu_ms: 0,
        })
    }
}

/// When one gift was asked for, and when it was known to be there.
#[derive(Debug, Clone, Copy)]
struct Times {
    asked: DateTime<Utc>,
    known: DateTime<Utc>,
}

fn micros(time: TimeDelta) -> u64 {
    time.num_microseconds().and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)
}

fn micros_between(first: DateTime<Utc>, last: DateTime<Utc>) -> u64 {
    micros(last - first)
}

/// Gives `count` gifts, as many at once as the load says.
async fn all<F: Future<Output = Result<Times>>>(load: &Load, give: impl Fn(u32) -> F) -> Result<Vec<Times>> {
    let at_once = usize::try_from(load.concurrency.max(1))?;
    stream::iter(0..load.count).map(give).buffer_unordered(at_once).try_collect().await
}

/// Our gifts: over HTTP, paid at the emulator, known when they stand in the ledger.
struct Ours<'a> {
    local: &'a Local,
    api: Api,
    pool: Pool,
}

impl<'a> Ours<'a> {
    async fn ready(local: &'a Local) -> Result<Self> {
        Ok(Self { local, api: Api::at(&local.addresses.api)?, pool: local.pool(2).await? })
    }

    async fn give(&self, load: &Load) -> Result<Vec<Times>> {
        let Made { pot, slug } = pot::open(self.local, &self.api, &self.pool, Visibility::Link).await?;
        let board = Arc::new(Board::default());
        let watching = watch_ledger(&self.pool, pot, &board);
        let wave: &Wave = &self.local.world.wave;
        let giving = all(load, |_| async {
            let asked = Utc::now();
            let card =
                Card {
                    slug: &slug, amount: Xof::new(1_000), name: Some("Ami"), message: Some("Bonne fête")
                };
            let gift = self.api.give(card).await?;
            wave.pay(&gift.session, None).context("Wave took no payment")?;
            Ok(Times { asked, known: board.wait_for(&gift.donation.to_string()).await? })
        });
        tokio::select! {
            times = giving => times,
            broken = watching => Err(broken.err().context("the ledger is no longer looked at")?),
        }
    }
}

async fn watch_ledger(pool: &Pool, pot: PotId, board: &Board) -> Result<()> {
    let mut looks = tokio::time::interval(LOOK);
    let mut settled: Option<Uuid> = None;
    loop {
        looks.tick().await;
        let old = Utc::now() - OVERLAP;
        let mut after = settled;
        loop {
            let page = Page { after, limit: 1_000 };
            let posted = ledger::of_pot(pool, pot, page).await?;
            let Some(last) = posted.last() else { break };
            after = Some(last.id);
            settled =
                posted.iter().filter(|one| one.posted_at < old).map(|one| one.id).next_back().or(settled);
            let full = posted.len() == 1_000;
            board.write(posted.into_iter().map(|one| (one.business_key, one.posted_at)));
            if !full {
                break;
            }
        }
    }
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
