//! The control API: everything the in-process handle can do, for other processes. JSON in, JSON out, no authentication;
//! it listens on this machine only. Amounts are whole francs as JSON numbers.
//!
//! | call | does |
//! |---|---|
//! | `GET /_sandbox/` | the control page |
//! | `GET /_sandbox/book` | the whole book |
//! | `GET /_sandbox/sessions?client_reference=` | sessions of a reference |
//! | `POST /_sandbox/sessions/{id}/pay` `{mobile?}` | the payer pays |
//! | `POST /_sandbox/sessions/{id}/fail` `{code?}` | the payer's attempt fails |
//! | `GET /_sandbox/payouts?client_reference=` | payouts of a reference |
//! | `POST /_sandbox/payouts/{id}/settle` `{error?}` | ends a payout left processing |
//! | `POST /_sandbox/merchant-payments` `{amount, mobile}` | a payment in the shop, with its webhook |
//! | `POST /_sandbox/movements` [`PlantedLine`] | a line made by hand, strange or not |
//! | `GET /_sandbox/clock`, `POST` `{move_seconds}` | reads or moves the clock |
//! | `GET /_sandbox/faults` | the rules that wait |
//! | `POST /_sandbox/faults` [`FaultRule`] | queues a fault on calls, answers `{number}` |
//! | `POST /_sandbox/webhook-faults` [`WebhookFaultRule`] | queues a fault on webhooks, answers `{number}` |
//! | `DELETE /_sandbox/faults/{number}`, `POST /_sandbox/faults/clear` | removes one, or all |
//! | `POST /_sandbox/stalled/release` `{how: "answer" \| "drop"}` | ends stalled replies |
//! | `POST /_sandbox/webhooks` `{url, secrets?, strategy?, events?}` | registers or replaces an endpoint |
//! | `DELETE /_sandbox/webhooks?url=` | removes an endpoint |
//! | `POST /_sandbox/webhooks/release`, `/retry`, `/test` | lets held ones go, retries at once, sends a test event |
//! | `POST /_sandbox/events/{id}/deliver` | delivers an event again, honestly |
//! | `GET`, `POST /_sandbox/access` [`Access`] | revokes the key, disables the wallet, limits addresses |
//! | `POST /_sandbox/people` `{mobile, name?, national_id?}` | whom a recipient check finds |
//! | `POST /_sandbox/idempotency-keys/forget` | forgets every key |

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    book::{Access, Book, PayRefusal, Person, PlantedLine, Session, Strategy, WebhookEndpoint},
    faults::FaultRule,
    pages::{self, Choice},
    world::{Release, World},
};
use crate::faults::WebhookFaultRule;

type Here = State<Arc<World>>;
type Asked = Query<HashMap<String, String>>;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/_sandbox", get(page))
        .route("/_sandbox/", get(page))
        .route("/_sandbox/book", get(book))
        .route("/_sandbox/sessions", get(sessions))
        .route("/_sandbox/sessions/{id}/pay", post(pay))
        .route("/_sandbox/sessions/{id}/fail", post(fail))
        .route("/_sandbox/payouts", get(payouts))
        .route("/_sandbox/payouts/{id}/settle", post(settle))
        .route("/_sandbox/merchant-payments", post(merchant_payment))
        .route("/_sandbox/movements", post(movement))
        .route("/_sandbox/clock", get(clock).post(move_clock))
        .route("/_sandbox/faults", get(faults).post(add_fault))
        .route("/_sandbox/faults/clear", post(clear_faults))
        .route("/_sandbox/faults/{number}", delete(remove_fault))
        .route("/_sandbox/webhook-faults", post(add_webhook_fault))
        .route("/_sandbox/stalled/release", post(release_stalled))
        .route("/_sandbox/webhooks", post(register).delete(unregister))
        .route("/_sandbox/webhooks/release", post(release_webhooks))
        .route("/_sandbox/webhooks/retry", post(retry_webhooks))
        .route("/_sandbox/webhooks/test", post(test_event))
        .route("/_sandbox/events/{id}/deliver", post(deliver_again))
        .route("/_sandbox/access", get(access).post(set_access))
        .route("/_sandbox/people", post(know_person))
        .route("/_sandbox/idempotency-keys/forget", post(forget_keys))
}

fn done() -> Response {
    Json(json!({ "done": true })).into_response()
}

fn unknown() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "problem": "there is no such thing in the book" }))).into_response()
}

fn conflict(problem: &str) -> Response {
    (StatusCode::CONFLICT, Json(json!({ "problem": problem }))).into_response()
}

/// Serialised under the lock instead of cloned first: a large book is then held once.
fn shown(world: &World, look: impl FnOnce(&Book) -> serde_json::Result<Value>) -> Response {
    match world.read(look) {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            tracing::error!(%error, "the Wave book cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn page(State(world): Here) -> Response {
    pages::show_control(&world)
}

async fn book(State(world): Here) -> Response {
    shown(&world, |book| serde_json::to_value(book))
}

async fn sessions(State(world): Here, Query(asked): Asked) -> Response {
    let reference = asked.get("client_reference").map_or("", String::as_str);
    shown(&world, |book| serde_json::to_value(book.sessions_for(reference).collect::<Vec<_>>()))
}

async fn payouts(State(world): Here, Query(asked): Asked) -> Response {
    let reference = asked.get("client_reference").map_or("", String::as_str);
    shown(&world, |book| serde_json::to_value(book.payouts_for(reference).collect::<Vec<_>>()))
}

fn after_payment(outcome: &Result<Session, PayRefusal>) -> Response {
    match outcome {
        Ok(_) => done(),
        Err(PayRefusal::Unknown) => unknown(),
        Err(refusal) => conflict(refusal.reason()),
    }
}

async fn pay(State(world): Here, Path(id): Path<String>, Json(choice): Json<Choice>) -> Response {
    if !choice.names_a_wallet() {
        let problem = json!({ "problem": "the mobile is not a number such as +221770000001" });
        return (StatusCode::BAD_REQUEST, Json(problem)).into_response();
    }
    after_payment(&world.pay(&id, choice.mobile()))
}

async fn fail(State(world): Here, Path(id): Path<String>, Json(choice): Json<Choice>) -> Response {
    after_payment(&world.fail(&id, choice.code.as_deref()))
}

#[derive(Deserialize)]
struct Settlement {
    error: Option<String>,
}

async fn settle(State(world): Here, Path(id): Path<String>, Json(how): Json<Settlement>) -> Response {
    if world.read(|book| book.payout(&id).is_none()) {
        return unknown();
    }
    let now = world.now();
    if world.change(|book| book.settle_payout(&id, how.error.as_deref(), now)) {
        done()
    } else {
        conflict("the payout is not processing")
    }
}

#[derive(Deserialize)]
struct ShopPayment {
    amount: i64,
    mobile: String,
}

async fn merchant_payment(State(world): Here, Json(payment): Json<ShopPayment>) -> Response {
    let transaction_id = world.receive_payment(payment.amount, &payment.mobile);
    Json(json!({ "transaction_id": transaction_id })).into_response()
}

async fn movement(State(world): Here, Json(line): Json<PlantedLine>) -> Response {
    let transaction_id = world.plant_lines(vec![line]).pop();
    Json(json!({ "transaction_id": transaction_id })).into_response()
}

async fn clock(State(world): Here) -> Response {
    Json(json!({ "now": world.now(), "ahead_millis": world.clock.offset_millis() })).into_response()
}

#[derive(Deserialize)]
struct Move {
    move_seconds: i64,
}

async fn move_clock(State(world): Here, Json(by): Json<Move>) -> Response {
    world.move_clock(by.move_seconds.saturating_mul(1_000));
    clock(State(world)).await
}

async fn faults(State(world): Here) -> Response {
    Json(&*world.faults()).into_response()
}

async fn add_fault(State(world): Here, Json(rule): Json<FaultRule>) -> Response {
    Json(json!({ "number": world.faults().add(rule) })).into_response()
}

async fn add_webhook_fault(State(world): Here, Json(rule): Json<WebhookFaultRule>) -> Response {
    Json(json!({ "number": world.faults().add_webhook(rule) })).into_response()
}

async fn remove_fault(State(world): Here, Path(number): Path<u64>) -> Response {
    if world.faults().remove(number) { done() } else { unknown() }
}

async fn clear_faults(State(world): Here) -> Response {
    world.faults().clear();
    done()
}

#[derive(Deserialize)]
struct HowReleased {
    how: Release,
}

async fn release_stalled(State(world): Here, Json(release): Json<HowReleased>) -> Response {
    world.release_stalled(release.how);
    done()
}

#[derive(Deserialize)]
struct Registration {
    url: String,
    secrets: Option<Vec<String>>,
    strategy: Option<Strategy>,
    #[serde(default)]
    events: Vec<String>,
}

async fn register(State(world): Here, Json(asked): Json<Registration>) -> Response {
    let endpoint = WebhookEndpoint {
        url: asked.url,
        secrets: asked.secrets.unwrap_or_else(|| vec![world.options.webhook_secret.clone()]),
        strategy: asked.strategy.unwrap_or(Strategy::Signing),
        events: asked.events,
    };
    world.change(|book| book.set_endpoint(endpoint));
    done()
}

async fn unregister(State(world): Here, Query(asked): Asked) -> Response {
    let url = asked.get("url").map_or("", String::as_str);
    if world.change(|book| book.remove_endpoint(url)) { done() } else { unknown() }
}

async fn release_webhooks(State(world): Here) -> Response {
    world.gate.release();
    done()
}

async fn retry_webhooks(State(world): Here) -> Response {
    world.gate.hurry();
    done()
}

async fn test_event(State(world): Here) -> Response {
    Json(json!({ "event_id": world.send_test_event() })).into_response()
}

async fn deliver_again(State(world): Here, Path(id): Path<String>) -> Response {
    if world.change(|book| book.announce_again(&id)) { done() } else { unknown() }
}

async fn access(State(world): Here) -> Response {
    shown(&world, |book| serde_json::to_value(book.access()))
}

async fn set_access(State(world): Here, Json(access): Json<Access>) -> Response {
    world.change(|book| book.set_access(access));
    done()
}

#[derive(Deserialize)]
struct Acquaintance {
    mobile: String,
    #[serde(flatten)]
    person: Person,
}

async fn know_person(State(world): Here, Json(known): Json<Acquaintance>) -> Response {
    world.change(|book| book.know_person(known.mobile, known.person));
    done()
}

async fn forget_keys(State(world): Here) -> Response {
    world.change(Book::forget_idempotency_keys);
    done()
}
