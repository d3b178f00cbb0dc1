//! Everything that runs: the outside world of the sandbox, our own processes on it, and the doors between them.

mod crew;
mod memory;
pub mod proxy;
mod settings;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::sync::Mutex;
use wolo_bootstrap::{Settings, temporal as engine};
use wolo_control::Control;
use wolo_database::Pool;
use wolo_faultpoints::Trap;
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::ports;
use wolo_sandbox::postgres::{self, Postgres};
use wolo_sandbox::temporal::{self, Temporal};
use wolo_sandbox::wave::{self, Retry, Wave};
use wolo_sandbox::whatsapp::{self, WhatsApp};

use crew::Part;
pub use crew::{Crew, Member};
pub use memory::Memory;
use proxy::Door;

use crate::patience::Patience;

/// As the migrations name them: each program connects as its own role.
const WORKER_ROLE: &str = "wolo_worker";
const API_ROLE: &str = "wolo_api";

// More often would be work for the engine that the processes under test need.
const BETWEEN_LOOKS: Duration = Duration::from_millis(150);
const ONE_LOOK: Duration = Duration::from_secs(20);

/// What the sandbox leaves off to be quick: a commit that was answered outlives the database's own death.
const DURABLE: &str = "options=-csynchronous_commit%3Don";

/// A process that died while it thought is missed after this long; in production the engine waits ten seconds.
const THOUGHT: &str = "history.defaultWorkflowTaskTimeout=\"3s\"";

/// A running world with our processes in it.
pub struct Stage {
    pub postgres: Mutex<Postgres>,
    pub temporal: Mutex<Temporal>,
    pub wave: Wave,
    /// What messages are handed to.
    pub whatsapp: WhatsApp,
    pub crew: Crew,
    pub settings: Settings,
    pub control: Control,
    /// As the owner of the tables, and past all doors.
    pub pool: Pool,
    /// Where people and Wave reach whichever API is there.
    pub front: Door,
    /// Where our processes reach the database.
    pub store: Door,
    traps: PathBuf,
    // Dropped last: a temporary folder is deleted when nobody writes there any more.
    folder: DataFolder,
}

impl Stage {
    /// With our processes of this very program.
    pub async fn start() -> Result<Self> {
        Box::pin(Self::of(std::env::current_exe().context("this program cannot find itself")?)).await
    }

    /// With our processes of another program that serves its parts as this one does.
    pub async fn of(program: PathBuf) -> Result<Self> {
        let folder = DataFolder::temporary()?;
        let temporal_options =
            temporal::Options { settings: vec![THOUGHT.to_owned()], ..temporal::Options::default() };
        let wave_options = wave::Options {
            opening_balance: 1_000_000_000,
            webhook_retry: Retry { attempts: 2_000, ..Retry::QUICK },
            local_redirects: true,
            ..wave::Options::default()
        };
        let (postgres, temporal, wave, whatsapp) = tokio::try_join!(
            async { anyhow::Ok(Postgres::start(&folder, None).await?) },
            async { Ok(Temporal::start(&folder, &temporal_options).await?) },
            async { Ok(Wave::start(wave_options).await?) },
            async { Ok(WhatsApp::start(whatsapp::Options::default()).await?) },
        )?;
        let database = format!("{}&{DURABLE}", postgres.url(postgres::DATABASE));
        let pool = wolo_database::connect(&database, 10).await?;
        wolo_database::migrate(&pool).await?;

        let store = Door::to_postgres(SocketAddr::from(([127, 0, 0, 1], postgres.port()))).await?;
        let held = ports::held::<4>()?;
        let listens = held.each_ref().map(|(port, _)| SocketAddr::from(([127, 0, 0, 1], *port)));
        let front = Door::to(listens[..2].to_vec()).await?;
        let file = folder.path().join("settings.toml");
        let settings =
            settings::write(&file, (&wave, &whatsapp), &temporal.address(), &database, front.address())?;
        let traps = folder.path().join("traps");
        std::fs::create_dir_all(&traps).context("there is no place for traps")?;
        let parts = parts(&folder, &file, &traps, &store, listens);
        drop(held);
        let crew = Crew::start(&program, parts).await?;
        wave.register_webhook(&format!("http://{}/api/payments/webhook", front.address()));
        let control = Control::new(engine::connect(&settings.temporal).await?);
        Ok(Self {
            postgres: Mutex::new(postgres),
            temporal: Mutex::new(temporal),
            wave,
            whatsapp,
            crew,
            settings,
            control,
            pool,
            front,
            store,
            traps,
            folder,
        })
    }

    pub fn trap(&self, point: &str) -> Trap {
        Trap::new(&self.traps, point)
    }

    /// Where the log of a part is.
    pub fn log(&self, part: &str) -> PathBuf {
        self.folder.log(part)
    }

    /// Waits until all our processes say that they are ready.
    pub async fn ready(&self) -> Result<()> {
        for member in self.crew.members() {
            member.ready().await?;
        }
        Ok(())
    }

    /// Ends everything in order.
    pub async fn shutdown(self) -> Result<()> {
        let Self { postgres, temporal, wave, whatsapp, crew, pool, folder, .. } = self;
        let ended = crew.stop().await;
        pool.close().await;
        let (wave, (), (), ()) = tokio::join!(
            wave.shutdown(),
            whatsapp.shutdown(),
            postgres.into_inner().shutdown(),
            temporal.into_inner().shutdown()
        );
        folder.close().await;
        wave?;
        ended
    }
}

fn parts(
    folder: &DataFolder,
    settings: &Path,
    traps: &Path,
    store: &Door,
    listens: [SocketAddr; 4],
) -> Vec<Part> {
    let names = [("api-1", "api"), ("api-2", "api"), ("worker-1", "worker"), ("worker-2", "worker")];
    let part = |((name, serves), listens): ((&'static str, &'static str), SocketAddr)| {
        let (role, where_it_listens) = match serves {
            "api" => (API_ROLE, "WOLO__API__LISTEN"),
            _ => (WORKER_ROLE, "WOLO__WORKER__HEALTH_LISTEN"),
        };
        let database =
            format!("postgres://{role}@{}/{}?sslmode=disable&{DURABLE}", store.address(), postgres::DATABASE);
        Part {
            name,
            serves,
            listens,
            environment: vec![
                ("WOLO_CONFIG", settings.display().to_string()),
                ("WOLO__DATABASE__URL", database),
                (where_it_listens, listens.to_string()),
                (wolo_faultpoints::VARIABLE, traps.display().to_string()),
                ("WOLO_LOG", "warn".to_owned()),
                ("WOLO_LOG_FORMAT", "human".to_owned()),
            ],
            folder: folder.path().to_owned(),
            log: folder.log(name),
        }
    };
    names.into_iter().zip(listens).map(part).collect()
}

/// Waits for a fact as long as patience lasts. What cannot be asked just now is asked again.
pub async fn comes_about<T>(within: Duration, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Option<T> {
    let patience = Patience::begins();
    while !patience.is_over(within) {
        // An answer that does not come is as good as none.
        if let Ok(Ok(Some(found))) = tokio::time::timeout(ONE_LOOK, look()).await {
            return Some(found);
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    None
}

/// The same, and no longer than this whatever happens.
pub async fn soon<T>(within: Duration, look: impl AsyncFnMut() -> Result<Option<T>>) -> Option<T> {
    tokio::time::timeout(within, comes_about(within, look)).await.ok().flatten()
}
