//! The control API of every emulator: what a test does by the handle, for other processes. JSON in, JSON out, no
//! authentication; it listens on this machine only.
//!
//! | call | does |
//! |---|---|
//! | `GET /_sandbox/book` | the whole book |
//! | `GET /_sandbox/deliveries` | what has been told, and how each telling went |
//! | `GET /_sandbox/faults` | the rules that wait |
//! | `POST /_sandbox/faults` [`FaultRule`] | queues a fault on calls, answers `{number}` |
//! | `POST /_sandbox/webhook-faults` [`WebhookFaultRule`] | queues a fault on webhooks, answers `{number}` |
//! | `POST /_sandbox/faults/clear` | removes all |
//! | `POST /_sandbox/webhooks` `{url}` | registers a webhook |
//! | `POST /_sandbox/release` | lets held letters go, and drops stalled replies |

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::{Desk, Provider};
use crate::faults::{FaultRule, WebhookFaultRule};

type Here<P> = State<Arc<Desk<P>>>;

pub(super) fn routes<P: Provider>() -> Router<Arc<Desk<P>>> {
    Router::new()
        .route("/_sandbox/book", get(book::<P>))
        .route("/_sandbox/deliveries", get(deliveries::<P>))
        .route("/_sandbox/faults", get(faults::<P>).post(add_fault::<P>))
        .route("/_sandbox/webhook-faults", post(add_webhook_fault::<P>))
        .route("/_sandbox/faults/clear", post(clear::<P>))
        .route("/_sandbox/webhooks", post(register::<P>))
        .route("/_sandbox/release", post(release::<P>))
}

fn done() -> Response {
    Json(json!({ "done": true })).into_response()
}

async fn book<P: Provider>(State(desk): Here<P>) -> Response {
    desk.read(|book| Json(book).into_response())
}

async fn deliveries<P: Provider>(State(desk): Here<P>) -> Response {
    Json(&*desk.deliveries.borrow()).into_response()
}

async fn faults<P: Provider>(State(desk): Here<P>) -> Response {
    Json(&*desk.faults()).into_response()
}

async fn add_fault<P: Provider>(State(desk): Here<P>, Json(rule): Json<FaultRule<P::Endpoint>>) -> Response {
    Json(json!({ "number": desk.faults().add(rule) })).into_response()
}

async fn add_webhook_fault<P: Provider>(
    State(desk): Here<P>,
    Json(rule): Json<WebhookFaultRule>,
) -> Response {
    Json(json!({ "number": desk.faults().add_webhook(rule) })).into_response()
}

async fn clear<P: Provider>(State(desk): Here<P>) -> Response {
    desk.faults().clear();
    done()
}

#[derive(Deserialize)]
struct Registration {
    url: String,
}

async fn register<P: Provider>(State(desk): Here<P>, Json(asked): Json<Registration>) -> Response {
    desk.register(&asked.url);
    done()
}

async fn release<P: Provider>(State(desk): Here<P>) -> Response {
    desk.gate.release();
    done()
}
