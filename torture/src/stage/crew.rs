//! Our own processes: two that serve the API and two that work, each a real one of this program, and somebody who starts
//! every one again that has died.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::future::select_ok;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::JoinHandle;
use wolo_providers::http::{self, Timeouts};
use wolo_sandbox::processes::{Launch, Process, Stop};

/// Between two looks at whether somebody has died.
const SOON: Duration = Duration::from_millis(15);
/// Havoc waits no longer for somebody who is ready.
const A_WHILE: Duration = Duration::from_secs(15);
const READY_WITHIN: Duration = Duration::from_mins(1);

/// One of our processes, whichever run of it.
#[derive(Debug)]
pub struct Member {
    name: &'static str,
    /// Where it says that it is ready.
    ready: String,
    pid: AtomicU32,
    deaths: AtomicU64,
    /// The story is over: nobody starts it again.
    over: AtomicBool,
}

impl Member {
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How often it has died.
    pub fn deaths(&self) -> u64 {
        self.deaths.load(Ordering::Relaxed)
    }

    /// Sends a signal to the run that there is now. One that is just dying hears nothing, which is as well.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid.load(Ordering::Relaxed)).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&self) -> Result<()> {
        let http = http::client(Timeouts::total(Duration::from_secs(2)))?;
        let asking = async {
            while !http.get(&self.ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(SOON).await;
            }
        };
        if tokio::time::timeout(READY_WITHIN, asking).await.is_err() {
            bail!("{} was not ready after {} s", self.name, READY_WITHIN.as_secs());
        }
        Ok(())
    }
}

/// What a member is started with.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// `api` or `worker`.
    pub(super) serves: &'static str,
    pub(super) listens: SocketAddr,
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) folder: PathBuf,
    pub(super) log: PathBuf,
}

/// Everybody, and those who watch over them.
#[derive(Debug)]
pub struct Crew {
    members: Vec<Arc<Member>>,
    watching: Vec<JoinHandle<Result<()>>>,
}

impl Crew {
    pub(super) async fn start(program: &Path, parts: Vec<Part>) -> Result<Self> {
        let mut crew = Self { members: Vec::new(), watching: Vec::new() };
        for part in parts {
            let health = if part.serves == "api" { "health" } else { "ready" };
            let member = Arc::new(Member {
                name: part.name,
                ready: format!("http://{}/{health}", part.listens),
                pid: AtomicU32::new(0),
                deaths: AtomicU64::new(0),
                over: AtomicBool::new(false),
            });
            let launch = Launch {
                name: part.name,
                program: program.to_owned(),
                arguments: vec!["serve".into(), part.serves.into()],
                environment: part.environment,
                withheld: Some("WOLO_"),
                working_folder: part.folder,
                log: part.log,
                user: None,
                stop: Stop { signal: "TERM", patience: 10 },
            };
            crew.watching.push(tokio::spawn(watch(Arc::clone(&member), launch)));
            crew.members.push(member);
        }
        for member in &crew.members {
            member.ready().await?;
        }
        Ok(crew)
    }

    pub fn members(&self) -> &[Arc<Member>] {
        &self.members
    }

    pub fn workers(&self) -> Vec<&Arc<Member>> {
        self.members.iter().filter(|member| member.name.starts_with("worker")).collect()
    }

    /// Waits until one of each kind says that it is ready, or for a while: it may be the others that keep it from being.
    pub async fn somebody_is_there(&self) {
        let one_of = |kind: &'static str| {
            let ready = self.members.iter().filter(|member| member.name.starts_with(kind));
            select_ok(ready.map(|member| Box::pin(member.ready())).collect::<Vec<_>>())
        };
        let both = async { tokio::join!(one_of("api"), one_of("worker")) };
        let _ = tokio::time::timeout(A_WHILE, both).await;
    }

    pub fn deaths(&self) -> u64 {
        self.members.iter().map(|member| member.deaths()).sum()
    }

    /// Ends everybody in order.
    pub(super) async fn stop(self) -> Result<()> {
        for member in &self.members {
            member.over.store(true, Ordering::Relaxed);
        }
        for watching in self.watching {
            watching.await.context("a watcher panicked")??;
        }
        Ok(())
    }
}

async fn watch(member: Arc<Member>, launch: Launch) -> Result<()> {
    loop {
        let mut process = Process::start(&launch).await?;
        member.pid.store(process.pid(), Ordering::Relaxed);
        while !process.has_ended() {
            if member.over.load(Ordering::Relaxed) {
                // Whoever has been stopped cannot hear that it should end.
                member.signal(Signal::CONT);
                process.stop().await;
                return Ok(());
            }
            tokio::time::sleep(SOON).await;
        }
        member.deaths.fetch_add(1, Ordering::Relaxed);
        if member.over.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}
