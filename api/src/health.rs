//! Whether the process lives, and whether it can work. Liveness never depends on anybody else: an outage of the
//! database must not restart the API as well.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use wolo_bootstrap::temporal;

use crate::state::App;

/// For each of the two, and both are asked at once.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Readiness {
    status: &'static str,
    database: &'static str,
    temporal: &'static str,
}

pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, Json<Readiness>) {
    let (database, engine) = tokio::join!(
        tokio::time::timeout(PATIENCE, wolo_database::ping(&app.pool)),
        temporal::probe(app.control.client()),
    );
    let (database, engine) = (matches!(database, Ok(Ok(()))), engine.is_ok());
    let word = |answers| if answers { "ok" } else { "unavailable" };
    let readiness =
        Readiness { status: word(database && engine), database: word(database), temporal: word(engine) };
    let status = if database && engine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness))
}
