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
    book::{CheckoutStatus, PayRefusal, PayoutStatus, Session},
    fields::is_e164,
    world::World,
};
use crate::telling::DeliveryState;

/// How many of the newest sessions, payouts and deliveries the control page shows.
const SHOWN: usize = 30;

#[derive(Debug)]
pub(super) struct Pages(Environment<'static>);

impl Pages {
    pub(super) fn new() -> Result<Self, minijinja::Error> {
        let mut pages = crate::pages::environment();
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

    /// Nothing typed is the usual payer's wallet; what is typed has to be a number.
    pub(super) fn names_a_wallet(&self) -> bool {
        self.mobile().is_none_or(is_e164)
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
    if !choice.names_a_wallet() {
        return refuse_number(&world, &id);
    }
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
    session_page(world, id, StatusCode::OK, None)
}

fn refuse_number(world: &World, id: &str) -> Response {
    let words = "Ce n'est pas un numéro : écrivez-le comme +221770000001.";
    session_page(world, id, StatusCode::BAD_REQUEST, Some(words))
}

fn session_page(world: &World, id: &str, status: StatusCode, problem: Option<&str>) -> Response {
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
        state, id, success_url, restrict_payer_mobile, problem,
        amount => spaced(amount),
        business => &world.options.business_name,
        default_payer => &world.options.default_payer,
        last_error => last_payment_error.map(|error| failure_words(&error.code).to_owned()),
    };
    world.pages.show(status, "pay.html", values)
}

/// Why a payer's attempt failed; a code without words of its own is shown as it is.
fn failure_words(code: &str) -> &str {
    match code {
        "insufficient-funds" => "solde insuffisant",
        "blocked-account" => "compte bloqué",
        "customer-age-restricted" => "le payeur n'a pas l'âge requis",
        "cross-border-payment-not-allowed" => "le compte du payeur est d'un autre pays",
        "kyb-limits-exceeded" => "le plafond du marchand est atteint",
        "payment-failure" => "panne technique",
        "payer-mobile-mismatch" => "ce n'est pas le compte attendu",
        other => other,
    }
}

fn session_words(status: CheckoutStatus) -> &'static str {
    match status {
        CheckoutStatus::Open => "à payer",
        CheckoutStatus::Complete => "payé",
        CheckoutStatus::Expired => "expiré",
    }
}

fn payout_words(status: PayoutStatus) -> &'static str {
    match status {
        PayoutStatus::Processing => "en cours",
        PayoutStatus::Succeeded => "réussi",
        PayoutStatus::Failed => "échoué",
        PayoutStatus::Reversed => "annulé",
    }
}

fn delivery_words(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "en route",
        DeliveryState::Held => "retenu",
        DeliveryState::Delivered => "remis",
        DeliveryState::Lost => "perdu",
        DeliveryState::Refused => "refusé",
    }
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
                    status => session_words(session.status_at(now)),
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
                    status => payout_words(payout.status),
                    settles => payout.status == PayoutStatus::Processing,
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
                    state => delivery_words(delivery.state),
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
