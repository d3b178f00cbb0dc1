//! The whole database at one moment, table by table, and the way back.
//!
//! Rows are copied as Postgres writes them (`copy … to stdout`), all within one transaction that sees one moment, and brought back
//! within one transaction, so that there is all of it or nothing. The shape is not copied: migrations make it, and what is
//! brought back must have the one that it was taken from. Where it is kept, and whether it is as it was, is the caller's concern.
//!
//! Who brings back stands above the rules: triggers and references are not looked at while rows come back, as they were looked
//! at when the rows were written. That takes a user who may set `session_replication_role`, and the check of the books afterwards.
//!
//! What was decided for people's safety after a backup was made is not undone by it ([`Decisions`]): it is read before anything is
//! replaced, and done again in the same transaction. Nobody stays signed in.

mod again;
mod decisions;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use wolo_domain::audit::{Action, Happening};

use crate::audit::{self, Doer};
use crate::{Error, Pool};

pub use again::Again;
pub use decisions::{Decisions, Other, decisions};

/// What travels at once.
const PIECE: usize = 256 * 1024;

/// A backup takes as long as it takes; a lock that somebody holds is still somebody else's fault.
const UNHURRIED: &str = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
    set local row_security = off";

const WITHOUT_TRIGGERS: &str = "set local session_replication_role = replica";

/// What the audit trail says it was about.
const ABOUT: &str = "backup";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// With its schema, as SQL has it.
    pub name: String,
    /// Those that are stored, as SQL has them: what Postgres computes it computes again.
    pub columns: Vec<String>,
}

/// Where a sequence stands; one that was never asked is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub name: String,
    pub last: i64,
}

/// What stopped a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Database(#[from] Error),
    #[error("what was copied could not be written or read")]
    Io(#[from] std::io::Error),
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What the database's user may do of what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// All tables that are there are its own, or those of a role that it is in.
    pub owns_all: bool,
    /// Policies do not hold for it: an owner alone is refused by a table that has them forced.
    pub past_policies: bool,
    /// It may write rows without triggers and references.
    pub past_triggers: bool,
}

#[tracing::instrument(name = "db.backups.rights", skip_all, err)]
pub async fn rights(pool: &Pool) -> Result<Rights, Error> {
    let row = sqlx::query!(
        r#"select (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as "past_policies!",
                  not exists (
                      select from pg_class
                      join pg_namespace on pg_namespace.oid = relnamespace
                      where relkind = 'r' and nspname not like 'pg\_%' and nspname <> 'information_schema'
                        and not pg_has_role(relowner, 'usage')
                  ) as "owns_all!""#
    )
    .fetch_one(pool)
    .await?;
    let mut tx = pool.begin().await?;
    let past_triggers = match sqlx::raw_sql(WITHOUT_TRIGGERS).execute(&mut *tx).await {
        Ok(_) => true,
        Err(error) if is_forbidden(&error) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(Rights { owns_all: row.owns_all, past_policies: row.past_policies, past_triggers })
}

fn is_forbidden(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some("42501")
}

/// Notes that somebody takes everything away, before it is read.
#[tracing::instrument(name = "db.backups.note_creation", skip_all, err)]
pub async fn note_creation(pool: &Pool, with_keys: bool, doer: Doer<'_>) -> Result<(), Error> {
    let mut tx = pool.begin().await?;
    let happening = Happening::new(Action::BackupCreated, ABOUT).with("keys", with_keys);
    audit::note(&mut tx, happening, doer).await?;
    Ok(tx.commit().await?)
}

/// The database as it was when this was taken.
pub struct Snapshot {
    tx: sqlx::Transaction<'static, Postgres>,
}

impl Snapshot {
    /// The pool must belong to the owner of the tables.
    #[tracing::instrument(name = "db.backups.take", skip_all, err)]
    pub async fn take(pool: &Pool) -> Result<Self, Error> {
        let mut tx = pool.begin().await?;
        sqlx::raw_sql("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
        sqlx::raw_sql(UNHURRIED).execute(&mut *tx).await?;
        Ok(Self { tx })
    }

    /// By the database's own clock, as all is that was done in it.
    pub async fn at(&mut self) -> Result<DateTime<Utc>, Error> {
        Ok(sqlx::query_scalar!(r#"select now() as "at!""#).fetch_one(&mut *self.tx).await?)
    }

    pub async fn tables(&mut self) -> Result<Vec<Table>, Error> {
        tables(&mut self.tx).await
    }

    pub async fn sequences(&mut self) -> Result<Vec<Sequence>, Error> {
        let sequences = sqlx::query_as!(
            Sequence,
            r#"select format('%I.%I', schemaname, sequencename) as "name!", last_value as "last!"
               from pg_sequences
               where last_value is not null
               order by schemaname, sequencename"#,
        );
        Ok(sequences.fetch_all(&mut *self.tx).await?)
    }

    /// The migrations that made its shape.
    pub async fn shape(&mut self) -> Result<Vec<i64>, Error> {
        shape(&mut self.tx).await
    }

    /// All rows of a table, a line each.
    pub async fn copy(&mut self, table: &Table, to: &mut (impl AsyncWrite + Unpin)) -> Result<(), CopyError> {
        let statement = format!("copy {} ({}) to stdout", table.name, table.columns.join(", "));
        let mut rows = self.tx.copy_out_raw(&statement).await?;
        while let Some(piece) = rows.try_next().await? {
            to.write_all(&piece).await?;
        }
        Ok(())
    }
}

/// A database that is being made what another was. Dropped before it is finished, nothing has changed.
pub struct Filling {
    tx: sqlx::Transaction<'static, Postgres>,
    known: Option<Decisions>,
}

impl Filling {
    /// Empties every table that is named, after it has read what was decided since then; whoever else writes waits.
    #[tracing::instrument(name = "db.backups.begin", skip_all, err)]
    pub async fn begin(pool: &Pool, tables: &[Table], since: DateTime<Utc>) -> Result<Self, Error> {
        let mut tx = pool.begin().await?;
        sqlx::raw_sql(UNHURRIED).execute(&mut *tx).await?;
        let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        let names = names.join(", ");
        let hold = format!("lock table {names} in access exclusive mode");
        sqlx::raw_sql(AssertSqlSafe(hold)).execute(&mut *tx).await?;
        let known = decisions::read(&mut tx, since).await?;
        sqlx::raw_sql(WITHOUT_TRIGGERS).execute(&mut *tx).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("truncate {names}"))).execute(&mut *tx).await?;
        Ok(Self { tx, known })
    }

    /// Answers how many rows came back.
    pub async fn fill(
        &mut self,
        table: &Table,
        from: &mut (impl AsyncRead + Unpin),
    ) -> Result<u64, CopyError> {
        let statement = format!("copy {} ({}) from stdin", table.name, table.columns.join(", "));
        let mut rows = self.tx.copy_in_raw(&statement).await?;
        let mut piece = vec![0; PIECE];
        loop {
            match from.read(&mut piece).await {
                Ok(0) => return Ok(rows.finish().await?),
                Ok(read) => {
                    rows.send(&piece[..read]).await?;
                }
                Err(error) => {
                    rows.abort("it could not be read").await?;
                    return Err(error.into());
                }
            }
        }
    }

    pub async fn advance(&mut self, sequence: &Sequence) -> Result<(), Error> {
        sqlx::query!("select setval($1::text::regclass, $2, true)", sequence.name, sequence.last)
            .fetch_one(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Ends everybody's sessions, does again what was decided since, and notes that it was brought back. Then all of it is there.
    /// Answers what was done, and what this database knew: nothing where nobody was in it.
    #[tracing::instrument(name = "db.backups.finish", skip_all, err)]
    pub async fn finish(
        mut self,
        of: DateTime<Utc>,
        told: Option<&Decisions>,
        doer: Doer<'_>,
    ) -> Result<(Again, Option<Decisions>), Error> {
        // What is written from here on is new.
        sqlx::raw_sql("set local session_replication_role = origin").execute(&mut *self.tx).await?;
        let mut again = Again::begin(&mut self.tx).await?;
        for decisions in self.known.iter().chain(told) {
            again.decide(&mut self.tx, decisions, doer).await?;
        }
        sqlx::query!("insert into ops.restores (backup_at) values ($1)", of).execute(&mut *self.tx).await?;
        let happening = Happening::new(Action::BackupRestored, ABOUT).with("of", of.to_rfc3339());
        audit::note(&mut self.tx, happening, doer).await?;
        self.tx.commit().await?;
        Ok((again, self.known))
    }
}

/// Whether these books were ever brought back from a backup. Then Wave may know of payouts that they do not.
#[tracing::instrument(name = "db.backups.were_brought_back", skip_all, err)]
pub async fn were_brought_back(pool: &Pool) -> Result<bool, Error> {
    Ok(sqlx::query_scalar!(r#"select exists (select from ops.restores) as "restored!""#)
        .fetch_one(pool)
        .await?)
}

/// What a database is that something is to be brought back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The migrations that made its shape: none of an empty one.
    pub shape: Vec<i64>,
    pub people: i64,
    /// Of the ledger.
    pub transactions: i64,
}

/// Nothing has to be there.
#[tracing::instrument(name = "db.backups.standing", skip_all, err)]
pub async fn standing(pool: &Pool) -> Result<Standing, Error> {
    let mut connection = pool.acquire().await?;
    let there = sqlx::query!(
        r#"select to_regclass('_sqlx_migrations') is not null as "shape!",
                  to_regclass('people.users') is not null
                      and to_regclass('money.ledger_transactions') is not null as "rows!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    let mut standing = Standing::default();
    if there.shape {
        standing.shape = shape(&mut connection).await?;
    }
    if there.rows {
        let row = sqlx::query!(
            r#"select (select count(*) from people.users) as "people!",
                      (select count(*) from money.ledger_transactions) as "transactions!""#
        )
        .fetch_one(&mut *connection)
        .await?;
        (standing.people, standing.transactions) = (row.people, row.transactions);
    }
    Ok(standing)
}

/// The tables that there are.
pub async fn layout(pool: &Pool) -> Result<Vec<Table>, Error> {
    let mut connection = pool.acquire().await?;
    tables(&mut connection).await
}

async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, Error> {
    let tables = sqlx::query_as!(
        Table,
        r#"select format('%I.%I', nspname, relname) as "name!",
                  array_agg(quote_ident(attname) order by attnum) as "columns!"
           from pg_class
           join pg_namespace on pg_namespace.oid = relnamespace
           join pg_attribute on attrelid = pg_class.oid
           where relkind = 'r' and nspname not like 'pg\_%' and nspname <> 'information_schema'
             and relname <> '_sqlx_migrations'
             and attnum > 0 and not attisdropped and attgenerated = ''
           group by nspname, relname
           order by nspname, relname"#,
    );
    Ok(tables.fetch_all(connection).await?)
}

async fn shape(connection: &mut PgConnection) -> Result<Vec<i64>, Error> {
    let made = sqlx::query_scalar!("select version from _sqlx_migrations where success order by version");
    Ok(made.fetch_all(connection).await?)
}
