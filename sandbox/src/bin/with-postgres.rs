//! Runs a command beside an empty Postgres of its own, for scripts that need one for a moment.
//!
//! `with-postgres [--migrations FOLDER] [--] COMMAND [ARGUMENT]...`
//!
//! The command finds the database in `DATABASE_URL`; queries are checked against it (`SQLX_OFFLINE=false`). Its exit
//! code becomes ours. The Postgres and its data end with it: nothing here is for keeping.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection};
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::{Postgres, folders, postgres};

const USAGE: &str = "usage: with-postgres [--migrations FOLDER] [--] COMMAND [ARGUMENT]...";
/// As shells do when a command cannot be run, and when it was killed by a signal (plus its number).
const CANNOT_RUN: u8 = 127;
const KILLED: i32 = 128;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{USAGE}")]
    Usage,
    #[error(transparent)]
    Folder(#[from] folders::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error("the database cannot be reached")]
    Connect(#[from] sqlx::Error),
    #[error("the migrations in {folder} do not apply")]
    Migrate { folder: PathBuf, source: MigrateError },
    #[error("{command:?} cannot be run")]
    Run { command: OsString, source: std::io::Error },
}

struct Request {
    migrations: Option<PathBuf>,
    command: OsString,
    arguments: Vec<OsString>,
}

impl Request {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut migrations = None;
        loop {
            let argument = arguments.next()?;
            let command = match argument.to_str() {
                Some("--migrations") => {
                    migrations = Some(PathBuf::from(arguments.next()?));
                    continue;
                }
                Some("--") => arguments.next()?,
                Some(option) if option.starts_with('-') => return None,
                _ => argument,
            };
            return Some(Request { migrations, command, arguments: arguments.collect() });
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(error) => {
            let mut causes = vec![error.to_string()];
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                causes.push(error.to_string());
                cause = error.source();
            }
            eprintln!("with-postgres: {}", causes.join(": "));
            ExitCode::from(CANNOT_RUN)
        }
    }
}

async fn run() -> Result<ExitCode, Error> {
    let request = Request::parse(std::env::args_os().skip(1)).ok_or(Error::Usage)?;
    let folder = DataFolder::temporary()?;
    let postgres = Postgres::start(&folder, None).await?;
    let url = postgres.url(postgres::DATABASE);
    if let Some(migrations) = &request.migrations {
        let failed = |source| Error::Migrate { folder: migrations.clone(), source };
        let migrator = Migrator::new(migrations.as_path()).await.map_err(failed)?;
        let mut connection = PgConnection::connect(&url).await?;
        migrator.run(&mut connection).await.map_err(failed)?;
    }
    let status = tokio::process::Command::new(&request.command)
        .args(&request.arguments)
        .env("DATABASE_URL", &url)
        .env("SQLX_OFFLINE", "false")
        .status()
        .await
        .map_err(|source| Error::Run { command: request.command, source });
    postgres.shutdown().await;
    folder.close().await;
    Ok(ExitCode::from(code(status?)))
}

fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| Some(KILLED + status.signal()?)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}
