//! A Postgres of our own, for one world.
//!
//! It trusts everybody who reaches its loopback port, so that a test can become any role; it listens nowhere else.
//! A temporary one forgets durability to be quick. It knows nothing of our schema: whoever needs tables applies the
//! migrations, and may then copy the migrated database for each test (a template).

mod cluster;
mod databases;
mod shared;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::folders::{self, DataFolder};
use crate::ports;
use crate::processes::{self, Launch, Process, SOON, Stop};
use crate::tools::{self, Places};

/// The role that owns everything; a superuser.
pub const OWNER: &str = "wolo";
/// The database that is there from the start, empty.
pub const DATABASE: &str = "wolo";

/// Also after a crash with much to recover.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// A port that was free may be taken by somebody else before we bind it; twice in a row is something different.
const TRIES: usize = 3;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Tool(#[from] tools::Error),
    #[error(transparent)]
    Folder(#[from] folders::Error),
    #[error(transparent)]
    Port(#[from] ports::NoFreePort),
    #[error(transparent)]
    Process(#[from] processes::Error),
    #[error("the folder {folder} cannot be given to Postgres")]
    Prepare { folder: PathBuf, source: std::io::Error },
    #[error(
        "Postgres refuses to run as root and its user `{user}` cannot enter {folder}: choose a data folder outside \
         root's home, such as /var/lib/wolo"
    )]
    Closed { user: String, folder: PathBuf },
    #[error("Postgres refuses to run as root and this machine has neither a user `postgres` nor `nobody`")]
    NobodyToBecome,
    #[error("Postgres refused to {attempt}")]
    Refused { attempt: String, source: sqlx::Error },
}

/// A running Postgres. Dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    launch: Launch,
    data: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts it in its part of the data folder, which is made ready first if it is new. Without a fixed port a free
    /// one is chosen.
    pub async fn start(folder: &DataFolder, port: Option<u16>) -> Result<Self, Error> {
        let cluster = cluster::Cluster::open(folder, &Places::here()).await?;
        let mut tries = if port.is_some() { 1 } else { TRIES };
        loop {
            tries -= 1;
            let chosen = match port {
                Some(port) => port,
                None => ports::free::<1>()?[0],
            };
            match Self::serve(&cluster, folder, chosen).await {
                Err(Error::Process(processes::Error::Ended { .. })) if tries > 0 => {}
                Err(error) => return Err(error),
                Ok(postgres) => {
                    if !postgres.has_database(DATABASE).await? {
                        postgres.create_database(DATABASE, None).await?;
                    }
                    return Ok(postgres);
                }
            }
        }
    }

    async fn serve(cluster: &cluster::Cluster, folder: &DataFolder, port: u16) -> Result<Self, Error> {
        cluster.forget_dead_owner();
        let launch = Launch {
            name: "Postgres",
            program: cluster.tools.program("postgres"),
            arguments: cluster.server_arguments(port, folder.is_kept()),
            environment: cluster::environment(),
            withheld: Some("PG"),
            working_folder: cluster.home.clone(),
            log: folder.log("postgres"),
            user: cluster.user.clone(),
            // "Fast": open connections are closed, then it ends in order.
            stop: Stop { signal: "INT", patience: 10 },
        };
        let process = Process::start(&launch).await?;
        folder.is_used_by(&process);
        let mut postgres = Postgres { process, launch, data: cluster.data.clone(), port };
        postgres.ready().await?;
        Ok(postgres)
    }

    /// Waits until it answers as itself (not as another Postgres that was sooner at the port).
    async fn ready(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let url = self.url("postgres");
        loop {
            if self.process.has_ended() {
                return Err(self.process.ended().into());
            }
            if let Ok(mut connection) = PgConnection::connect(&url).await {
                let data = sqlx::query_scalar::<_, String>("select current_setting('data_directory')");
                if data.fetch_one(&mut connection).await.is_ok_and(|data| Path::new(&data) == self.data) {
                    // Whether a polite goodbye is heard is of no interest.
                    let _ = connection.close().await;
                    return Ok(());
                }
            }
            if began.elapsed() > READY_WITHIN {
                return Err(self.process.not_ready(READY_WITHIN).into());
            }
            tokio::time::sleep(SOON).await;
        }
    }

    /// A connection URL as the owner, who is a superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_as(OWNER, database)
    }

    /// A connection URL as any role that exists. Names are plain identifiers.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Why it does not run any more, though nobody has stopped it.
    pub fn died(&mut self) -> Option<processes::Error> {
        self.process.died()
    }

    /// Kills it (SIGKILL), as a power cut would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again on the same port and data; a running one is stopped first.
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.process.stop().await;
        ports::freed(self.port, READY_WITHIN).await;
        cluster::forget_dead_owner(&self.data);
        self.process = Process::start(&self.launch).await?;
        self.ready().await
    }

    /// Stops it in order.
    pub async fn shutdown(mut self) {
        self.process.stop().await;
    }
}
