//! Which of our processes run: each tells that it lives, so that an operator sees all of them in one place.
//!
//! It is a notice board and nothing hangs on it; a process that cannot write on it works all the same.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use uuid::Uuid;
use wolo_domain::words::words;

use crate::rows::word;
use crate::{Error, Pool};

const PROCESSES: &str = "ops.processes";

/// How often a process tells that it lives. One that has not for three times as long is thought dead: see [`all`].
const RHYTHM: Duration = Duration::from_secs(5);

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Api,
    Worker,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Api, Self::Worker];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Worker => "worker",
        }
    }
}

words!(Kind, "a kind of process");

/// A process as it presents itself.
#[derive(Clone, Debug)]
pub struct Presence {
    pub kind: Kind,
    pub version: &'static str,
    pub queues: Vec<String>,
}

/// A process as the board has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub id: Uuid,
    pub kind: Kind,
    pub version: String,
    pub queues: Vec<String>,
    /// Provider to state of its breaker.
    pub breakers: BTreeMap<String, String>,
    pub started_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    /// It has told lately that it lives.
    pub alive: bool,
}

/// Tells that a process lives until the end begins, and takes its row away then. `breakers` is asked each time.
pub async fn present(
    pool: &Pool,
    presence: &Presence,
    breakers: impl Fn() -> BTreeMap<String, String>,
    end: impl Future<Output = ()>,
) {
    let id = Uuid::now_v7();
    let telling = async {
        let mut rhythm = tokio::time::interval(RHYTHM);
        loop {
            rhythm.tick().await;
            // What went wrong is in the log, and the next time is near.
            let _ = tell(pool, id, presence, breakers()).await;
        }
    };
    tokio::select! {
        () = telling => {}
        () = end => {}
    }
    let _ = leave(pool, id).await;
}

#[tracing::instrument(name = "db.processes.tell", skip_all, err(level = "warn"))]
async fn tell(
    pool: &Pool,
    id: Uuid,
    presence: &Presence,
    breakers: BTreeMap<String, String>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ops.processes (process_id, kind, version, queues, breakers)
         values ($1, $2, $3, $4, $5)
         on conflict (process_id) do update set breakers = excluded.breakers, seen_at = clock_timestamp()",
        id,
        presence.kind.as_str(),
        presence.version,
        &presence.queues,
        Json(breakers) as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes the row away, and those of processes that have been silent for a day.
#[tracing::instrument(name = "db.processes.leave", skip_all, err(level = "warn"))]
async fn leave(pool: &Pool, id: Uuid) -> Result<(), Error> {
    sqlx::query!(
        "delete from ops.processes where process_id = $1 or seen_at < clock_timestamp() - interval '1 day'",
        id
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// All processes on the board, APIs first.
#[tracing::instrument(name = "db.processes.all", skip_all, err)]
pub async fn all(pool: &Pool) -> Result<Vec<Process>, Error> {
    let rows = sqlx::query!(
        r#"select process_id, kind, version, queues, breakers as "breakers: Json<BTreeMap<String, String>>",
                  started_at, seen_at,
                  seen_at > clock_timestamp() - interval '15 seconds' as "alive!"
           from ops.processes
           order by kind, started_at"#,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Process {
                id: row.process_id,
                kind: word(&row.kind, PROCESSES, "kind", row.process_id)?,
                version: row.version,
                queues: row.queues,
                breakers: row.breakers.0,
                started_at: row.started_at,
                seen_at: row.seen_at,
                alive: row.alive,
            })
        })
        .collect()
}
