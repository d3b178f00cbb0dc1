//! pgbench: the least that the statements of a route cost, with nothing around them.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use tokio::fs;
use tokio::process::Command;
use wolo_sandbox::postgres::DATABASE;
use wolo_sandbox::tools::{Places, PostgresTools};

use super::Pace;
use super::report::Call;
use crate::failure::refused;
use crate::local::{API_ROLE, Local};

#[derive(Debug)]
pub(super) struct Pgbench {
    program: PathBuf,
}

/// A route in pgbench's words.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) text: String,
    /// Its variables.
    pub(super) values: Vec<(&'static str, String)>,
}

impl Pgbench {
    /// Beside the Postgres that a world runs, or else wherever this machine has one.
    pub(super) async fn find() -> Result<Self> {
        let places = Places::here();
        let tools = PostgresTools::find(&places, None).await?;
        let mut folders = std::iter::once(&tools.folder).chain(&places.machine);
        let program = folders.find_map(|folder| Some(folder.join("pgbench")).filter(|file| file.is_file()));
        program.map(|program| Self { program }).ok_or_else(|| {
            refused(format!(
                "pgbench is neither beside Postgres in {} nor elsewhere on this machine: install Postgres with its \
                 server programs, or set WOLO_POSTGRES_BIN to a folder that has it",
                tools.folder.display()
            ))
        })
    }

    /// Runs the script again and again, as the API's role.
    pub(super) async fn run(&self, local: &Local, script: &Script, pace: Pace) -> Result<Vec<Call>> {
        let folder = local.world.folder().path().join("pgbench");
        fs::create_dir(&folder).await.context("pgbench gets no folder")?;
        let file = folder.join("script.sql");
        fs::write(&file, &script.text).await.context("pgbench gets no script")?;
        let mut command = Command::new(&self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--log"])
            .arg(format!("--client={}", pace.concurrency))
            .arg(format!("--time={}", pace.seconds))
            .arg("--log-prefix")
            .arg(folder.join(LOG))
            .arg("--file")
            .arg(&file);
        for (name, value) in &script.values {
            command.arg("--define").arg(format!("{name}={value}"));
        }
        command.arg(local.world.postgres.url_as(API_ROLE, DATABASE));
        // Whom it speaks to is said, and nothing else is.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        let ended = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
        let ended = ended.context("pgbench does not run")?;
        if !ended.status.success() {
            let complaint = String::from_utf8_lossy(&ended.stderr);
            bail!("pgbench failed ({}): {}", ended.status, complaint.trim());
        }
        let calls = read(&folder).await?;
        fs::remove_dir_all(&folder).await.context("pgbench's folder stays")?;
        Ok(calls)
    }
}

const LOG: &str = "transactions";

async fn read(folder: &Path) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    let mut files = fs::read_dir(folder).await?;
    while let Some(file) = files.next_entry().await? {
        if file.file_name().to_string_lossy().starts_with(LOG) {
            let text = fs::read_to_string(file.path()).await.context("pgbench's log cannot be read")?;
            for line in text.lines() {
                calls.push(call(line).with_context(|| format!("pgbench's log says `{line}`"))?);
            }
        }
    }
    Ok(calls)
}

/// A line is `client transaction latency script seconds microseconds`; the last two are the time of its end.
fn call(line: &str) -> Option<Call> {
    let mut numbers = line.split(' ').map(|word| word.parse::<u64>().ok());
    let mut next = || numbers.next().flatten();
    let (_client, _transaction, took_us, _script) = (next()?, next()?, next()?, next()?);
    let ended_us = next()? * 1_000_000 + next()?;
    Some(Call { began_us: ended_us.checked_sub(took_us)?, took_us })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_says_when_it_began() {
        assert_eq!(
            call("3 199 2241 0 1175850568 995598"),
            Some(Call { began_us: 1_175_850_568_993_357, took_us: 2_241 })
        );
        assert_eq!(call("3 200 failed 0 1175850568 998079"), None);
    }
}
