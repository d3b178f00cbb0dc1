//! The whole database at one moment, table by table, and the way back.
//!
//! Rows are copied as Postgres writes them (`copy … to stdout`), all within one transaction that sees one moment, and brought back
//! within one transaction, so that there is all of it or nothing. The shape is not copied: migrations make it, and what is
//! brought back must have the one that it was taken from. Where it is kept, and whether it is as it was, is the caller's concern.
//!
//! Who brings back stands above the rules: triggers and references are not looked at while rows come back, as they were looked
//! at when the rows were written. That takes a user who may set `session_replication_role`, and the check of the books afterwards.

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::{Error, Pool};

/// What travels at once.
const PIECE: usize = 256 * 1024;

/// A backup takes as long as it takes; a lock that somebody holds is still somebody else's fault.
const UNHURRIED: &str = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
    set local row_security = off";

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
}

impl Filling {
    /// Empties every table that is named; whoever else writes waits.
    #[tracing::instrument(name = "db.backups.begin", skip_all, err)]
    pub async fn begin(pool: &Pool, tables: &[Table]) -> Result<Self, Error> {
        let mut tx = pool.begin().await?;
        sqlx::raw_sql(UNHURRIED).execute(&mut *tx).await?;
        sqlx::raw_sql("set local session_replication_role = replica").execute(&mut *tx).await?;
        let names: Vec<_> = tables.iter().map(|table| table.name.as_str()).collect();
        let truncate = format!("truncate {}", names.join(", "));
        sqlx::raw_sql(AssertSqlSafe(truncate)).execute(&mut *tx).await?;
        Ok(Self { tx })
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

    pub async fn finish(self) -> Result<(), Error> {
        Ok(self.tx.commit().await?)
    }
}

/// What stands in the way of bringing something back: how many people and transactions of the ledger are there.
#[tracing::instrument(name = "db.backups.holds", skip_all, err)]
pub async fn holds(pool: &Pool) -> Result<(i64, i64), Error> {
    let row = sqlx::query!(
        r#"select (select count(*) from people.users) as "people!",
                  (select count(*) from money.ledger_transactions) as "transactions!""#
    )
    .fetch_one(pool)
    .await?;
    Ok((row.people, row.transactions))
}

/// The tables that there are, and the shape that they have.
pub async fn layout(pool: &Pool) -> Result<(Vec<Table>, Vec<i64>), Error> {
    let mut connection = pool.acquire().await?;
    Ok((tables(&mut connection).await?, shape(&mut connection).await?))
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
