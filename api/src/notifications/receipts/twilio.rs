//! `POST /api/notifications/receipts/twilio`: a form, whose signature is also of the address that was called.

use std::slice;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use url::Url;
use wolo_database::notices::OptOut;
use wolo_domain::notices::{Channel, Reply};
use wolo_providers::messages::WebhookError;
use wolo_providers::twilio::webhook::{self, Answer, Event, SIGNATURE_HEADER, Wish};

use super::{Delivery, REFUSALS, Told, Word, refused};
use crate::body::raw;
use crate::contract::refusals;
use crate::deliveries::only;
use crate::problem::Problem;
use crate::state::App;

const PROVIDER: &str = "twilio";

refusals!(NotHeard: REFUSALS);

/// Hears what Twilio says.
#[utoipa::path(post, path = "/api/notifications/receipts/twilio", operation_id = "notifications.twilio",
    tag = "notifications",
    params(("reference" = Option<String>, Query, description = "The message, as we called it when we handed it over.")),
    request_body(content = Object, description = "What happened, as Twilio writes it.",
        content_type = "application/x-www-form-urlencoded"),
    security(("twilio" = [])),
    responses((status = 200, description = "It has been kept and passed on."), NotHeard))]
pub(crate) async fn twilio(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = raw(body)?;
    let token = app.settings.channels.twilio.as_ref().map(|twilio| slice::from_ref(&twilio.auth_token));
    let called = called(&app, &uri);
    let url = called
        .zip(only(&headers, SIGNATURE_HEADER))
        .ok_or(WebhookError::Malformed)
        .and_then(|(url, header)| {
            webhook::verify(&body, &url, header, token.unwrap_or_default()).map(|()| url)
        })
        .map_err(|error| refused(PROVIDER, error))?;
    let event = webhook::parse(&body, &url, App::now());
    Delivery::new(&app, PROVIDER, url.as_str(), &body).take(event.map(told)).await
}

/// The address as it was called from outside.
fn called(app: &App, uri: &Uri) -> Option<Url> {
    app.link(uri.path_and_query()?.as_str()).parse().ok()
}

fn told(event: Option<Event>) -> Told {
    match event {
        Some(Event::Receipt(receipt)) => Told { receipts: vec![receipt], words: Vec::new() },
        Some(Event::Answer(answer)) => Told { receipts: Vec::new(), words: vec![written(&answer)] },
        None => Told::default(),
    }
}

/// What Twilio has understood as a wish is one: it acts on it itself.
fn written(answer: &Answer) -> Word {
    let Answer { event_id, from, text, wish } = answer;
    let reply = match wish {
        Some(Wish::Stop) => Some(Reply::Stop),
        Some(Wish::Start) => Some(Reply::Start),
        None => Reply::of(text.expose()),
    };
    Word {
        event: event_id.clone(),
        channel: Channel::Sms,
        address: from.reveal().to_owned(),
        at: App::now(),
        reply,
        how: OptOut::Reply,
        opens_the_window: false,
    }
}
