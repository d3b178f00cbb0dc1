//! What a person sees: the payer's page that stands for `pay.wave.com/c/…`, and the control page.
//!
//! The payer's page is in French, fits a phone, and fetches nothing from anywhere.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use minijinja::{Environment, Value, context, value::Serde};
use serde::Deserialize;

use super::{
    book::{CheckoutStatus, PayRefusal, Session},
    world::World,
};

/// How many of the newest sessions, payouts and deliveries the control page shows.
const SHOWN: usize = 30;

#[derive(Debug)]
pub(super) struct Pages(Environment<'static>);

impl Pages {
    pub(super) fn new() -> Result<Self, minijinja::Error> {
        let mut pages = Environment::new();
        let style = include_str!("templates/style.css").to_owned();
        pages.add_global("style", Value::from_safe_string(style));
        pages.add_template("pay.html", include_str!("templates/pay.html"))?;
        pages.add_template("control.html", include_str!("templates/control.html"))?;
        Ok(Self(pages))
    }

    fn show(&self, status: StatusCode, name: &str, values: Value) -> Response {
        match self.0.get_template(name).and_then(|page| page.render(values)) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, name, "a page of the Wave emulator does not render");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// What the two buttons send; both fields may be left empty.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    pub(super) mobile: Option<String>,
    pub(super) code: Option<String>,
}

impl Choice {
    pub(super) fn mobile(&self) -> Option<&str> {
        self.mobile.as_deref().map(str::trim).filter(|mobile| !mobile.is_empty())
    }
}

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/c/{id}", get(launch))
        .route("/c/{id}/pay", post(pay))
        .route("/c/{id}/fail", post(fail))
}

async fn launch(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    show_session(&world, &id)
}

async fn pay(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Form(choice): Form<Choice>,
) -> Response {
    match world.pay(&id, choice.mobile()) {
        Ok(session) => Redirect::to(&session.success_url).into_response(),
        Err(PayRefusal::OtherPayer) => leave_in_error(&world, &id),
        // Pressing twice shows where things stand and moves nothing.
        Err(_) => show_session(&world, &id),
    }
}

async fn fail(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Form(choice): Form<Choice>,
) -> Response {
    match world.fail(&id, choice.code.as_deref()) {
        Ok(session) => Redirect::to(&session.error_url).into_response(),
        Err(_) => show_session(&world, &id),
    }
}

fn leave_in_error(world: &World, id: &str) -> Response {
    match world.read(|book| book.session(id).map(|session| session.error_url.clone())) {
        Some(url) => Redirect::to(&url).into_response(),
        None => show_session(world, id),
    }
}

fn show_session(world: &World, id: &str) -> Response {
    let Some(session) = world.read(|book| book.session(id).cloned()) else {
        return world.pages.show(StatusCode::NOT_FOUND, "pay.html", context! { state => "unknown" });
    };
    let state = match session.status_at(world.now()) {
        CheckoutStatus::Open => "open",
        CheckoutStatus::Complete => "complete",
        CheckoutStatus::Expired => "expired",
    };
    let Session { id, amount, restrict_payer_mobile, last_payment_error, success_url, .. } = session;
    let values = context! {
        state, id, success_url, restrict_payer_mobile,
        amount => spaced(amount),
        business => &world.options.business_name,
        default_payer => &world.options.default_payer,
        last_error => last_payment_error.map(|error| error.code),
    };
    world.pages.show(StatusCode::OK, "pay.html", values)
}

pub(super) fn show_control(world: &World) -> Response {
    let now = world.now();
    let values = world.read(|book| {
        let sessions: Vec<_> = book
            .sessions()
            .iter()
            .rev()
            .take(SHOWN)
            .map(|session| {
                context! {
                    id => &session.id,
                    amount => spaced(session.amount),
                    reference => &session.client_reference,
                    status => Value::from(Serde(session.status_at(now))),
                    refunded => session.refund_transaction_id.is_some(),
                }
            })
            .collect();
        let payouts: Vec<_> = book
            .payouts()
            .iter()
            .rev()
            .take(SHOWN)
            .map(|payout| {
                context! {
                    id => &payout.id,
                    amount => spaced(payout.order.receive_amount),
                    fee => spaced(payout.fee),
                    mobile => &payout.order.mobile,
                    reference => &payout.order.client_reference,
                    status => Value::from(Serde(payout.status)),
                }
            })
            .collect();
        let deliveries: Vec<_> = book
            .deliveries()
            .iter()
            .rev()
            .take(SHOWN)
            .map(|delivery| {
                context! {
                    event => &delivery.event_id,
                    kind => book.event(&delivery.event_id).map(|event| event.kind.clone()),
                    url => &delivery.url,
                    state => Value::from(Serde(delivery.state)),
                    fault => &delivery.fault,
                    attempts => delivery.attempts.len(),
                    answer => delivery.attempts.last().and_then(|attempt| attempt.status),
                }
            })
            .collect();
        context! {
            business => &world.options.business_name,
            balance => spaced(book.balance()),
            available => spaced(book.available()),
            opening => spaced(book.opening()),
            lines => book.movements().len(),
            now => now.format("%Y-%m-%d %H:%M:%S").to_string(),
            sessions, payouts, deliveries,
        }
    });
    let faults = Value::from(Serde(&*world.faults()));
    world.pages.show(StatusCode::OK, "control.html", context! { faults, ..values })
}

/// Thousands apart, as francs are written in Senegal.
fn spaced(francs: i64) -> String {
    let digits = francs.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if francs < 0 { format!("-{text}") } else { text }
}
