//! What ended processes went through, kept after the engine has forgotten it. What they carried is not here.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use wolo_domain::histories::Lacks;

use crate::rows::word;
use crate::{Error, Pool};

const HISTORIES: &str = "ops.histories";

/// One run of a process, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub process: String,
    pub run: String,
    /// The type of the process.
    pub kind: String,
    /// How the engine calls its end.
    pub came_to: String,
    /// Where it said that it stood.
    pub stage: Option<String>,
    pub began_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
}

/// Its history as it is written, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    Written { format: i16, bytes: Vec<u8> },
    Lacks(Lacks),
}

/// Which of these runs, named by process and run, are archived.
#[tracing::instrument(name = "db.histories.known", skip_all, err)]
pub async fn known(pool: &Pool, runs: &[(&str, &str)]) -> Result<HashSet<String>, Error> {
    let (processes, runs): (Vec<_>, Vec<_>) =
        runs.iter().map(|(process, run)| ((*process).to_owned(), (*run).to_owned())).unzip();
    let known = sqlx::query_scalar!(
        "select run_id
         from ops.histories
         join unnest($1::text[], $2::text[]) as asked (workflow_id, run_id) using (workflow_id, run_id)",
        &processes,
        &runs,
    );
    Ok(known.fetch_all(pool).await?.into_iter().collect())
}

/// Archives a run, and says whether it was not before.
#[tracing::instrument(name = "db.histories.keep", skip_all, fields(process = ended.process), err)]
pub async fn keep(pool: &Pool, ended: &Ended, history: &History) -> Result<bool, Error> {
    let (format, bytes, lacks) = match history {
        History::Written { format, bytes } => (Some(*format), Some(bytes.as_slice()), None),
        History::Lacks(lacks) => (None, None, Some(lacks.as_str())),
    };
    let kept = sqlx::query!(
        "insert into ops.histories (
             workflow_id, run_id, kind, came_to, stage, began_at, ended_at, format, history, lacks
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (workflow_id, run_id) do nothing",
        ended.process,
        ended.run,
        ended.kind,
        ended.came_to,
        ended.stage,
        ended.began_at,
        ended.ended_at,
        format,
        bytes,
        lacks,
    );
    Ok(kept.execute(pool).await?.rows_affected() == 1)
}

/// Up to when everything that has ended is archived; nothing where nobody has looked yet.
#[tracing::instrument(name = "db.histories.mark", skip_all, err)]
pub async fn mark(database: impl PgExecutor<'_>) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(sqlx::query_scalar!("select archived_until from ops.histories_mark").fetch_optional(database).await?)
}

/// Notes that everything is which ended before this moment. It goes forward only.
#[tracing::instrument(name = "db.histories.note", skip_all, err)]
pub async fn note(pool: &Pool, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "insert into ops.histories_mark as known (archived_until)
         values ($1)
         on conflict (only_one) do update
             set archived_until = greatest(known.archived_until, excluded.archived_until),
                 noted_at = clock_timestamp()",
        until,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A run of a process, or the last of it that has ended.
#[tracing::instrument(name = "db.histories.read", skip_all, fields(process), err)]
pub async fn read(pool: &Pool, process: &str, run: Option<&str>) -> Result<Option<(Ended, History)>, Error> {
    let row = sqlx::query!(
        "select workflow_id, run_id, kind, came_to, stage, began_at, ended_at, format, history, lacks
         from ops.histories
         where workflow_id = $1 and ($2::text is null or run_id = $2)
         order by ended_at desc, archived_at desc
         limit 1",
        process,
        run,
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let history = match (row.format, row.history, row.lacks) {
        (Some(format), Some(bytes), _) => History::Written { format, bytes },
        (_, _, lacks) => History::Lacks(word(&lacks.unwrap_or_default(), HISTORIES, "lacks", &row.run_id)?),
    };
    let ended = Ended {
        process: row.workflow_id,
        run: row.run_id,
        kind: row.kind,
        came_to: row.came_to,
        stage: row.stage,
        began_at: row.began_at,
        ended_at: row.ended_at,
    };
    Ok(Some((ended, history)))
}

/// What is archived, the last ended first, of one type and where one stage was said, if these are named.
#[tracing::instrument(name = "db.histories.list", skip_all, err)]
pub async fn list(
    pool: &Pool,
    kind: Option<&str>,
    stage: Option<&str>,
    limit: u32,
) -> Result<Vec<Ended>, Error> {
    Ok(sqlx::query_as!(
        Ended,
        "select workflow_id as process, run_id as run, kind, came_to, stage, began_at, ended_at
         from ops.histories
         where ($1::text is null or kind = $1) and ($2::text is null or stage = $2)
         order by ended_at desc
         limit $3",
        kind,
        stage,
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?)
}

/// How many runs that ended since then have no history.
#[tracing::instrument(name = "db.histories.lost", skip_all, err)]
pub async fn lost(pool: &Pool, since: DateTime<Utc>) -> Result<i64, Error> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "lost!" from ops.histories where lacks is not null and archived_at >= $1"#,
        since,
    )
    .fetch_one(pool)
    .await?)
}
