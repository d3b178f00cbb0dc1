//! Our own two programs beside a local world: in this process, or as processes of their own.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::task::JoinHandle;
use wolo_bootstrap::{Settings, Shutdown};
use wolo_providers::http::{self, Timeouts};
use wolo_sandbox::processes::{Launch, Process, Stop};
use wolo_sandbox::{World, postgres};

use super::{API_ROLE, Addresses, READY_WITHIN, WORKER_ROLE, connecting_as};

const SOON: Duration = Duration::from_millis(25);

/// Where our programs run.
#[derive(Debug, Clone)]
pub(crate) enum Where {
    /// In this process: sooner up, and one log.
    Inside,
    /// Each in a process of its own, of this executable, so that its cost can be read from the system.
    Apart(PathBuf),
}

#[derive(Debug)]
pub(crate) enum Parts {
    Inside { shutdown: Shutdown, api: JoinHandle<Result<()>>, worker: JoinHandle<Result<()>> },
    Apart { api: Box<Process>, worker: Box<Process> },
}

impl Parts {
    /// Returns when the API answers and the worker says that it is ready.
    pub(super) async fn start(
        place: Where,
        world: &World,
        settings: &Settings,
        addresses: &Addresses,
    ) -> Result<Self> {
        let api_settings = connecting_as(settings, world, API_ROLE);
        let worker_settings = connecting_as(settings, world, WORKER_ROLE);
        let mut parts = match place {
            Where::Inside => {
                let shutdown = Shutdown::new();
                let api = tokio::spawn(run_api(api_settings, shutdown.clone()));
                let worker = tokio::spawn(run_worker(worker_settings, shutdown.clone()));
                Self::Inside { shutdown, api, worker }
            }
            Where::Apart(program) => Self::Apart {
                api: launch("api", &program, world, addresses, API_ROLE).await?,
                worker: launch("worker", &program, world, addresses, WORKER_ROLE).await?,
            },
        };
        let worker = format!("http://{}/ready", settings.worker.health_listen);
        parts.ready("the API", &format!("{}/health", addresses.api)).await?;
        parts.ready("the worker", &worker).await?;
        Ok(parts)
    }

    async fn ready(&mut self, name: &str, url: &str) -> Result<()> {
        let http = http::client(Timeouts::total(Duration::from_secs(2)))?;
        let began = Instant::now();
        loop {
            if http.get(url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Some(error) = self.ended().await {
                return Err(error.context(format!("{name} did not come up")));
            }
            if began.elapsed() > READY_WITHIN {
                bail!("{name} was not ready after {} s", READY_WITHIN.as_secs());
            }
            tokio::time::sleep(SOON).await;
        }
    }

    /// Why one of them has ended though nobody told it to, if one has.
    pub(crate) async fn ended(&mut self) -> Option<anyhow::Error> {
        match self {
            Self::Inside { api, worker, .. } => {
                for (name, part) in [("the API", api), ("the worker", worker)] {
                    if part.is_finished() {
                        let why = part.await.map_err(anyhow::Error::from).flatten();
                        let why = why.err().unwrap_or_else(|| anyhow!("nobody told it to"));
                        return Some(why.context(format!("{name} ended")));
                    }
                }
                None
            }
            Self::Apart { api, worker } => [api, worker]
                .into_iter()
                .find_map(|process| process.has_ended().then(|| process.ended().into())),
        }
    }

    pub(super) async fn stop(self) -> Result<()> {
        match self {
            Self::Inside { shutdown, api, worker } => {
                shutdown.begin();
                let api = api.await.context("the API panicked").flatten();
                let worker = worker.await.context("the worker panicked").flatten();
                api.and(worker)
            }
            Self::Apart { mut api, mut worker } => {
                tokio::join!(api.stop(), worker.stop());
                Ok(())
            }
        }
    }
}

async fn run_api(settings: Settings, shutdown: Shutdown) -> Result<()> {
    Ok(wolo_api::run(settings, shutdown).await?)
}

async fn run_worker(settings: Settings, shutdown: Shutdown) -> Result<()> {
    Ok(wolo_worker::run(settings, shutdown).await?)
}

async fn launch(
    part: &'static str,
    program: &Path,
    world: &World,
    addresses: &Addresses,
    role: &str,
) -> Result<Box<Process>> {
    let launch = Launch {
        name: part,
        program: program.to_owned(),
        arguments: vec!["serve".into(), part.into()],
        environment: vec![
            ("WOLO_CONFIG", addresses.settings.display().to_string()),
            ("WOLO__DATABASE__URL", world.postgres.url_as(role, postgres::DATABASE)),
        ],
        withheld: Some("WOLO__"),
        working_folder: world.folder().path().to_owned(),
        log: world.folder().log(part),
        user: None,
        stop: Stop { signal: "TERM", patience: 15 },
    };
    Ok(Box::new(Process::start(&launch).await?))
}
