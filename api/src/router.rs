//! The whole map. Behind each line stands the address that its operations give themselves; a test holds the two together.

use axum::extract::DefaultBodyLimit;
use axum::{Extension, Router};
use utoipa::OpenApi as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::problem::{Code, Problem};
use crate::state::App;
use crate::{contract, edge, health, payments, pots};

pub(crate) fn router(app: App) -> Router {
    let limit = DefaultBodyLimit::max(app.settings.api.body_limit_bytes);
    let (routes, document) = map().split_for_parts();
    let routes = routes
        .fallback(async || Problem::new(Code::RouteUnknown))
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(limit)
        .layer(Extension(contract::Document::new(document)));
    edge::around(routes, &app.settings.api).with_state(app)
}

#[rustfmt::skip]
pub(crate) fn map() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(contract::Opening::openapi())
        // Pots.
        .routes(routes!(pots::list, pots::create))    // /api/pots
        .routes(routes!(pots::show))                  // /api/pots/{pot}
        .routes(routes!(pots::close))                 // /api/pots/{pot}/close
        .routes(routes!(health::pots))                // /api/pots/health
        // Giving.
        .routes(routes!(payments::donate))            // /api/payments/donate
        .routes(routes!(payments::status))            // /api/payments/status/{id}
        .routes(routes!(health::payments))            // /api/payments/health
        // What Wave tells us. Its signature is checked on the raw bytes, of which no more are read than this.
        .routes(routes!(payments::webhook).layer(DefaultBodyLimit::max(payments::WEBHOOK_LIMIT)))    // /api/payments/webhook
        // Operation.
        .routes(routes!(health::health))              // /health
        .routes(routes!(health::ready))               // /ready
        .routes(routes!(contract::openapi))           // /openapi.json
        .routes(routes!(contract::page))              // /docs
        .routes(routes!(contract::file))              // /docs/{file}
}
