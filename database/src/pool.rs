//! Reaching the database, and bringing its shape up to date.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::Error;

/// Connections to the database. Cheap to clone.
pub type Pool = sqlx::PgPool;

/// Waiting longer than this for a connection is an answer too: the caller says 503, or tries again.
const PATIENCE: Duration = Duration::from_secs(5);

/// The shape that this release is written for.
static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// SQLSTATE of a table that is not there, and of one that we may not read.
const UNASKABLE: [&str; 2] = ["42P01", "42501"];

/// A connection that nobody used for so long is asked whether it is still there.
const RESTED: Duration = Duration::from_secs(1);

/// Opens a pool and asks the database once whether it is there.
pub async fn connect(url: &str, connections: u32) -> Result<Pool, Error> {
    let pool = connect_later(url, connections)?;
    ping(&pool).await?;
    Ok(pool)
}

/// Opens a pool that connects when it is first used, so that a server can start before its database. The URL names
/// the user: there is no default.
pub fn connect_later(url: &str, connections: u32) -> Result<Pool, Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("wolo").options([
        // A lock that is held for long is somebody else's fault; waiting for it must not become ours.
        ("lock_timeout", "5s"),
        // A rollback where there is nothing to roll back is no news.
        ("client_min_messages", "error"),
        ("statement_timeout", "30s"),
        // The policies of a row make a plan long, and compiling one took longer than any query of ours takes without.
        ("jit", "off"),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // One that was given back a moment ago was well then; asking it again would cost every request a way.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                let rested = about.idle_for >= RESTED;
                Ok(!rested || connection.ping().await.is_ok())
            })
        });
    Ok(pool.connect_lazy_with(options))
}

/// Whether the database answers.
#[tracing::instrument(name = "db.ping", skip_all, err)]
pub async fn ping(pool: &Pool) -> Result<(), Error> {
    sqlx::query!("select 1 as one").fetch_one(pool).await?;
    Ok(())
}

/// Applies the migrations that are missing. The pool must belong to the owner of the tables. Several processes may
/// do this at once: they take turns.
#[tracing::instrument(name = "db.migrate", skip_all, err)]
pub async fn migrate(pool: &Pool) -> Result<(), Error> {
    MIGRATIONS.run(pool).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => error.into(),
        other => Error::Migration(other),
    })
}

/// Whether the database has every migration that this release was built with. Those of a later one are no hindrance: a release is
/// written for the shape before it too.
#[tracing::instrument(name = "db.is_migrated", skip_all, err)]
pub async fn is_migrated(pool: &Pool) -> Result<bool, Error> {
    let ours = migrations();
    let all = sqlx::query_scalar!(
        r#"select not exists (
               select from unnest($1::bigint[]) as ours (version)
               where not exists (
                   select from _sqlx_migrations made where made.version = ours.version and made.success
               )
           ) as "all!""#,
        &ours,
    );
    match all.fetch_one(pool).await.map_err(Error::from) {
        // Nothing was applied yet, or not so far that we may ask.
        Err(Error::Broken(fault)) if fault.code.as_deref().is_some_and(|code| UNASKABLE.contains(&code)) => {
            Ok(false)
        }
        answer => answer,
    }
}

/// The migrations of this release, in their order.
pub fn migrations() -> Vec<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).collect()
}
