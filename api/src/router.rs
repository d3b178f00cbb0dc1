//! The whole map.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::problem::{Code, Problem};
use crate::state::App;
use crate::{edge, health, metrics, payments, pots};

#[rustfmt::skip]
pub(crate) fn router(app: App) -> Router {
    let limit = DefaultBodyLimit::max(app.settings.api.body_limit_bytes);
    let routes = Router::new()
        // Pots.
        .route("/api/pots",                 get(pots::list).post(pots::create))
        .route("/api/pots/{pot}",           get(pots::show))
        .route("/api/pots/{pot}/close",     post(pots::close))
        .route("/api/pots/health",          get(health::health))
        // Giving.
        .route("/api/payments/donate",      post(payments::donate))
        .route("/api/payments/status/{id}", get(payments::status))
        .route("/api/payments/health",      get(health::health))
        // What Wave tells us. Its signature is checked on the raw bytes, of which no more are read than this.
        .route("/api/payments/webhook",     post(payments::webhook).layer(DefaultBodyLimit::max(payments::WEBHOOK_LIMIT)))
        // Operation.
        .route("/health",                   get(health::health))
        .route("/ready",                    get(health::ready))
        .route("/metrics",                  get(metrics::metrics))
        .fallback(async || Problem::new(Code::RouteUnknown))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(limit);
    edge::around(routes, &app).with_state(app)
}
