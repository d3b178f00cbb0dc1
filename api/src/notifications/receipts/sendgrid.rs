//! `POST /api/notifications/receipts/sendgrid`

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use wolo_database::notices::OptOut;
use wolo_domain::contacts::Email;
use wolo_domain::notices::{Channel, Reply};
use wolo_providers::messages::WebhookError;
use wolo_providers::sendgrid::webhook::{self, Event, Gone, SIGNATURE_HEADER, TIMESTAMP_HEADER, Wish};

use super::{Delivery, REFUSALS, Told, Word, refused};
use crate::body::raw;
use crate::contract::refusals;
use crate::deliveries::only;
use crate::problem::Problem;
use crate::state::App;

const PROVIDER: &str = "sendgrid";

refusals!(NotHeard: REFUSALS);

/// Hears what SendGrid says.
#[utoipa::path(post, path = "/api/notifications/receipts/sendgrid", operation_id = "notifications.sendgrid",
    tag = "notifications",
    request_body(content = Vec<Object>, description = "Events, as SendGrid writes them.", content_type = "application/json"),
    security(("sendgrid" = [])),
    responses((status = 200, description = "They have been kept and passed on."), NotHeard))]
pub(crate) async fn sendgrid(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = raw(body)?;
    only(&headers, SIGNATURE_HEADER)
        .zip(only(&headers, TIMESTAMP_HEADER))
        .ok_or(WebhookError::Malformed)
        .and_then(|(signature, time)| webhook::verify(&body, signature, time, &app.mail_keys, App::now()))
        .map_err(|error| refused(PROVIDER, error))?;
    Delivery::new(&app, PROVIDER, "", &body).take(webhook::parse(&body).map(told)).await
}

fn told(events: Vec<Event>) -> Told {
    let mut told = Told::default();
    for event in events {
        match event {
            Event::Receipt(receipt) => told.receipts.push(receipt),
            Event::Wish(Wish { of, wants_mail, at, event_id, .. }) => {
                let reply = if wants_mail { Reply::Start } else { Reply::Stop };
                told.words.push(word(event_id, &of, at, reply));
            }
            // Nobody reads there: more mail would only cost us our name as a sender.
            Event::Gone(Gone { of, at, event_id }) => told.words.push(word(event_id, &of, at, Reply::Stop)),
            Event::Other(kind) => tracing::debug!(kind, "SendGrid tells what nothing waits for"),
        }
    }
    told
}

fn word(event: String, of: &Email, at: DateTime<Utc>, reply: Reply) -> Word {
    Word {
        event,
        channel: Channel::Email,
        address: of.reveal().to_owned(),
        at,
        reply: Some(reply),
        how: OptOut::Provider,
        opens_the_window: false,
    }
}
