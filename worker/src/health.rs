//! Tells of the worker's health: to whoever restarts it, whoever waits for it, and whoever asks what it does.
//!
//! Being alive depends on nothing outside of this process, or an outage of the engine would restart every worker too.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use temporalio_client::Client;
use tokio::time::timeout;
use wolo_bootstrap::connections::Patience;
use wolo_bootstrap::{Shutdown, temporal};
use wolo_database::Pool;

use crate::metrics::Metrics;
use crate::registry::Served;

/// Whoever looks after a worker asks at once and takes the answer at once; who does not is nobody to wait for.
pub(crate) const PATIENCE: Patience = Patience { head: Duration::from_secs(5), end: Duration::from_secs(2) };
/// How long a question to the database may take.
const PROBE_LIMIT: Duration = Duration::from_secs(1);
/// When somebody who was told that it is not ready may look again, in seconds.
const SOON: &str = "3";

pub(crate) struct Health {
    pub(crate) client: Client,
    pub(crate) pool: Pool,
    pub(crate) queues: Vec<QueueHealth>,
    pub(crate) metrics: Metrics,
    /// A worker that has been told to stop is not ready for anything.
    pub(crate) shutdown: Shutdown,
}

pub(crate) struct QueueHealth {
    pub(crate) name: String,
    pub(crate) running: Arc<AtomicBool>,
    pub(crate) serves: Served,
}

impl QueueHealth {
    fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }
}

#[derive(Serialize)]
struct Alive {
    alive: bool,
}

#[derive(Serialize)]
struct Readiness<'a> {
    ready: bool,
    /// What keeps it from being ready.
    why_not: Vec<&'a str>,
}

#[derive(Serialize)]
struct Services<'a> {
    queues: Vec<Service<'a>>,
}

#[derive(Serialize)]
struct Service<'a> {
    queue: &'a str,
    running: bool,
    #[serde(flatten)]
    serves: &'a Served,
}

pub(crate) fn router(health: Health) -> Router {
    Router::new()
        .route("/health", get(async || Json(Alive { alive: true })))
        .route("/ready", get(ready))
        .route("/services", get(services))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(health))
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let (temporal, postgres) = tokio::join!(
        temporal::probe(&health.client),
        timeout(PROBE_LIMIT, wolo_database::ping(&health.pool))
    );
    let own = [
        ("stopping", !health.shutdown.has_begun()),
        ("temporal", temporal.is_ok()),
        ("postgres", matches!(postgres, Ok(Ok(())))),
    ];
    let queues = health.queues.iter().map(|queue| (queue.name.as_str(), queue.is_running()));
    let why_not: Vec<_> =
        own.into_iter().chain(queues).filter(|(_, there)| !there).map(|(what, _)| what).collect();
    let ready = why_not.is_empty();
    // Borrowed from the state, so written down before it is let go.
    let told = Json(serde_json::json!(Readiness { ready, why_not }));
    if ready {
        told.into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, SOON)], told).into_response()
    }
}

async fn services(State(health): State<Arc<Health>>) -> Json<serde_json::Value> {
    let queues = health.queues.iter().map(|queue| Service {
        queue: &queue.name,
        running: queue.is_running(),
        serves: &queue.serves,
    });
    // Borrowed from the state, so written down before it is let go.
    Json(serde_json::json!(Services { queues: queues.collect() }))
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    let queues: BTreeMap<_, _> =
        health.queues.iter().map(|queue| (queue.name.clone(), queue.is_running())).collect();
    match health.metrics.page(&health.pool, &queues).await {
        Ok(page) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], page).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
