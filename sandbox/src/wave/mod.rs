//! Wave's Business API on this machine: the real protocol, an exact book of its own, and faults on demand.
//!
//! It exists so that the code which moves money in production is the code that is tested, over the same bytes. It follows
//! Wave's public documentation (checkout, payout, balance, webhooks); where that is silent the choice is written at the
//! place. It keeps its book exact under every fault, so a test can compare what WOLO believes with what happened.
//!
//! It refuses to be anything but local (it binds 127.0.0.1), to guess (unknown fields are errors, as with Wave), and to
//! compute anything with fractions. It does not offer aggregated merchants or B2B payouts, which WOLO does not use.
//!
//! [`Wave::start`] serves inside the caller's tokio runtime; other processes use the control API under `/_sandbox/`
//! (see the table in `control.rs`). Recipients whose number ends in 91 (blocked), 92 (inactive), 93 (limit exceeded),
//! 94 (minor) or 95 (other country) always refuse money.

mod access;
mod archive;
mod book;
mod calls;
mod checkout;
mod control;
mod errors;
mod faults;
mod fields;
mod handle;
mod options;
mod pages;
mod payouts;
mod recipients;
pub mod signature;
mod statement;
mod webhooks;
mod world;

use std::sync::Arc;

use axum::{
    Router,
    extract::{ConnectInfo, RawPathParams, Request, State},
    http::StatusCode,
    routing::{MethodFilter, MethodRouter, on},
};

use crate::line::Line;

use self::{
    calls::{Work, perform},
    faults::Endpoint as At,
    world::World,
};

pub use self::{
    book::{
        Access, Batch, Book, CheckoutStatus, Checks, Delivery, Event, KeptAnswer, Movement, MovementKind,
        PaymentError, Payout, PayoutOrder, PayoutStatus, Person, PlantedLine, Session, Strategy, Traffic,
        WalletState, WebhookEndpoint,
    },
    errors::Error,
    faults::{Endpoint, FaultRule},
    handle::Wave,
    options::{Charge, Options, one_percent},
    world::Release,
};
pub use crate::faults::{Fault, RetryAfter, WebhookFault, WebhookFaultRule};
pub use crate::telling::{Attempt, DeliveryState, Retry};

fn router(world: Arc<World>) -> Router {
    let reads = |endpoint, work| call(MethodFilter::GET, endpoint, work);
    let acts = |endpoint, work| call(MethodFilter::POST, endpoint, work);
    Router::new()
        .route(
            "/v1/checkout/sessions",
            acts(At::CheckoutCreate, checkout::create)
                .merge(reads(At::CheckoutSearch, checkout::by_transaction)),
        )
        .route("/v1/checkout/sessions/search", reads(At::CheckoutSearch, checkout::search))
        .route("/v1/checkout/sessions/{id}", reads(At::CheckoutGet, checkout::get))
        .route("/v1/checkout/sessions/{id}/expire", acts(At::CheckoutExpire, checkout::expire))
        .route("/v1/checkout/sessions/{id}/refund", acts(At::CheckoutRefund, checkout::refund))
        .route("/v1/payout", acts(At::PayoutCreate, payouts::create))
        .route("/v1/payout/{id}", reads(At::PayoutGet, payouts::get))
        .route("/v1/payout/{id}/reverse", acts(At::PayoutReverse, payouts::reverse))
        .route("/v1/payouts/search", reads(At::PayoutSearch, payouts::search))
        .route("/v1/payout-batch", acts(At::BatchCreate, payouts::create_batch))
        .route("/v1/payout-batch/{id}", reads(At::BatchGet, payouts::get_batch))
        .route("/v1/verify_recipient", acts(At::RecipientVerify, recipients::verify))
        .route("/v1/verify_recipient/", acts(At::RecipientVerify, recipients::verify))
        .route("/v1/balance", reads(At::Balance, statement::balance))
        .route("/v1/transactions", reads(At::Transactions, statement::transactions))
        .route("/v1/transactions/{id}/refund", acts(At::TransactionRefund, statement::refund))
        .merge(pages::routes())
        .merge(control::routes())
        .fallback(async || errors::Refusal::not_found("not-found"))
        .method_not_allowed_fallback(async || {
            errors::Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed.")
        })
        .with_state(world)
}

fn call(method: MethodFilter, endpoint: At, work: Work) -> MethodRouter<Arc<World>> {
    on(
        method,
        async move |State(world): State<Arc<World>>,
                    ConnectInfo(line): ConnectInfo<Line>,
                    path: RawPathParams,
                    request: Request| perform(world, endpoint, work, line, path, request).await,
    )
}
