//! `GET /services`: everything that WOLO is made of, and how it is.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use wolo_bootstrap::temporal;
use wolo_control::queues::{self, Poller, Work};
use wolo_database::processes;

use crate::caller::{SeeServices, Staff};
use crate::contract::refusals;
use crate::problem::Problem;
use crate::state::App;

/// For each question; all are asked at once.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize, ToSchema)]
pub(crate) struct Services {
    postgres: bool,
    temporal: bool,
    /// Nothing where the API's processes count their limits each for itself.
    redis: Option<bool>,
    /// The APIs and workers that have told of themselves lately, and those that fell silent today.
    processes: Vec<Process>,
    queues: Vec<Queue>,
    /// Provider to the worst state that any process's breaker is in.
    providers: BTreeMap<String, String>,
}

#[derive(Serialize, ToSchema)]
struct Process {
    id: Uuid,
    kind: &'static str,
    version: String,
    queues: Vec<String>,
    alive: bool,
    started_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct Queue {
    name: &'static str,
    /// Workers that ask for processes to carry on, and when they last did; nothing when the engine does not say.
    processes: Option<Vec<Asking>>,
    /// Workers that ask for steps to do.
    steps: Option<Vec<Asking>>,
}

#[derive(Serialize, ToSchema)]
struct Asking {
    worker: String,
    last_asked_at: Option<DateTime<Utc>>,
}

refusals!(NotShown: Staff::<SeeServices>::REFUSALS);

/// Everything that WOLO is made of, and how it is.
#[utoipa::path(get, path = "/services", operation_id = "services", tag = "admin",
    security(("bearer" = ["support", "reviewer", "finance", "superadmin"])),
    responses((status = 200, description = "What runs.", body = Services), NotShown))]
pub(crate) async fn services(
    State(app): State<App>,
    _staff: Staff<SeeServices>,
) -> Result<Json<Services>, Problem> {
    let (board, engine, redis, queues) = tokio::join!(
        tokio::time::timeout(PATIENCE, processes::all(&app.pool)),
        temporal::probe(app.control.client()),
        app.limits.redis_answers(),
        futures::future::join_all(queues::ALL.map(|name| queue(&app, name))),
    );
    let board = board.ok().and_then(Result::ok);
    let postgres = board.is_some();
    let board = board.unwrap_or_default();
    let providers = worst_states(&board);
    let processes = board
        .into_iter()
        .map(|one| Process {
            id: one.id,
            kind: one.kind.as_str(),
            version: one.version,
            queues: one.queues,
            alive: one.alive,
            started_at: one.started_at,
            seen_at: one.seen_at,
        })
        .collect();
    Ok(Json(Services { postgres, temporal: engine.is_ok(), redis, processes, queues, providers }))
}

/// Provider to the worst state that the breaker of any living process is in.
pub(crate) fn worst_states(board: &[processes::Process]) -> BTreeMap<String, String> {
    let mut worst: BTreeMap<String, String> = BTreeMap::new();
    for (provider, state) in board.iter().filter(|one| one.alive).flat_map(|one| &one.breakers) {
        let known = worst.entry(provider.clone()).or_insert_with(|| state.clone());
        if severity(state) > severity(known) {
            known.clone_from(state);
        }
    }
    worst
}

/// How much is let through to a provider: all (0), one call to try (1), or nothing (2).
pub(crate) fn severity(state: &str) -> u8 {
    match state {
        "open" => 2,
        "half_open" => 1,
        _ => 0,
    }
}

async fn queue(app: &App, name: &'static str) -> Queue {
    let ask = async |work| {
        let asked = tokio::time::timeout(PATIENCE, app.control.pollers(name, work)).await;
        asked.ok().and_then(Result::ok).map(|pollers| pollers.into_iter().map(Asking::from).collect())
    };
    let (processes, steps) = tokio::join!(ask(Work::Processes), ask(Work::Steps));
    Queue { name, processes, steps }
}

impl From<Poller> for Asking {
    fn from(poller: Poller) -> Self {
        Self { worker: poller.identity, last_asked_at: poller.last_asked_at }
    }
}
