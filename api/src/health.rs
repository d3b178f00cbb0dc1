//! Whether the process lives, and whether it can work. Liveness never depends on anybody else: an outage of the
//! database must not restart the API as well.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use wolo_bootstrap::temporal;

use crate::contract::Nothing;
use crate::problem;
use crate::state::App;

/// For each of those who are asked.
const PATIENCE: Duration = Duration::from_secs(1);
/// When somebody who was told that it cannot work may look again, in seconds.
const SOON: &str = "3";

/// A sign of life.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(value_type = String, pattern = "^ok$", example = "ok")]
    status: &'static str,
}

/// Who answers: `ok` or `unavailable`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    #[schema(value_type = String, pattern = "^(ok|unavailable)$", example = "ok")]
    status: &'static str,
    #[schema(value_type = String, pattern = "^(ok|unavailable)$", example = "ok")]
    database: &'static str,
    /// Whether the database has the shape that this release was built with.
    #[schema(value_type = String, pattern = "^(ok|unavailable)$", example = "ok")]
    schema: &'static str,
    #[schema(value_type = String, pattern = "^(ok|unavailable)$", example = "ok")]
    temporal: &'static str,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/health", operation_id = "health", tag = "operation",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/users/health", operation_id = "accounts.health", tag = "accounts",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn users() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/admin/health", operation_id = "admin.health", tag = "admin",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn admin() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/pots/health", operation_id = "pots.health", tag = "pots",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn pots() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/payments/health", operation_id = "payments.health", tag = "payments",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn payments() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/notifications/health", operation_id = "notifications.health", tag = "notifications",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn notifications() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/sponsorship/health", operation_id = "sponsorship.health", tag = "sponsorship",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn sponsorship() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/identity/health", operation_id = "identity.health", tag = "identity",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn identity() -> Json<Health> {
    health().await
}

/// Whether this area's process lives.
#[utoipa::path(get, path = "/api/analytics/health", operation_id = "analytics.health", tag = "analytics",
    responses((status = 200, description = "It lives.", body = Health), Nothing))]
pub(crate) async fn analytics() -> Json<Health> {
    health().await
}

/// Whether the process can work.
#[utoipa::path(get, path = "/ready", operation_id = "ready", tag = "operation",
    responses(
        Nothing,
        (status = 200, description = "All that it needs answers.", body = Readiness),
        (status = 503, description = "Something that it needs does not answer.",
            content((Readiness = "application/json"), (problem::Document = "application/problem+json")),
            headers(("Retry-After" = u64, description = "Seconds after which asking again makes sense."))),
    ))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let (database, engine) = tokio::join!(
        tokio::time::timeout(PATIENCE, wolo_database::ping(&app.pool)),
        temporal::probe(app.control.client()),
    );
    let (database, engine) = (matches!(database, Ok(Ok(()))), engine.is_ok());
    let schema = database && is_migrated(&app).await;
    let word = |answers| if answers { "ok" } else { "unavailable" };
    let ready = database && schema && engine;
    let readiness = Readiness {
        status: word(ready),
        database: word(database),
        schema: word(schema),
        temporal: word(engine),
    };
    if ready {
        Json(readiness).into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, SOON)], Json(readiness)).into_response()
    }
}

/// During a release a process comes up before the schema that it needs. Once there it stays, so it is asked for no more.
async fn is_migrated(app: &App) -> bool {
    if app.migrated.load(Ordering::Relaxed) {
        return true;
    }
    let migrated = tokio::time::timeout(PATIENCE, wolo_database::is_migrated(&app.pool)).await;
    let migrated = matches!(migrated, Ok(Ok(true)));
    app.migrated.store(migrated, Ordering::Relaxed);
    migrated
}
