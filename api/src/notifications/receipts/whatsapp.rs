//! `GET, POST /api/notifications/receipts/whatsapp`: Meta makes sure that the address is ours, and then tells.

use std::slice;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use wolo_database::notices::OptOut;
use wolo_domain::notices::{Channel, Reply};
use wolo_domain::people::Phone;
use wolo_providers::messages::WebhookError;
use wolo_providers::whatsapp::webhook::{self, Event, Inbound, Preference, SIGNATURE_HEADER, Said};

use super::{Delivery, REFUSALS, Told, Word, refused};
use crate::body::raw;
use crate::contract::refusals;
use crate::deliveries::only;
use crate::fields::Fields;
use crate::problem::{Code, Problem};
use crate::query::Pairs;
use crate::state::App;

const PROVIDER: &str = "whatsapp";

refusals!(NotOurs: &[Code::SenderUnknown, Code::RequestInvalid]);
refusals!(NotHeard: REFUSALS);

/// Meta asks whether this address is ours.
#[utoipa::path(get, path = "/api/notifications/receipts/whatsapp", operation_id = "notifications.whatsapp_handshake",
    tag = "notifications",
    params(
        ("hub.mode" = Option<String>, Query, description = "`subscribe`."),
        ("hub.verify_token" = Option<String>, Query, description = "What Meta was told in our settings there."),
        ("hub.challenge" = Option<String>, Query, description = "What is to be said back."),
    ),
    responses((status = 200, description = "It is: the challenge.", body = String, content_type = "text/plain"), NotOurs))]
pub(crate) async fn whatsapp_handshake(State(app): State<App>, mut pairs: Pairs) -> Result<String, Problem> {
    let mut fields = Fields::default();
    let mut value = |name: &str| pairs.take(name, &mut fields).unwrap_or_default();
    let (mode, token, challenge) = (value("hub.mode"), value("hub.verify_token"), value("hub.challenge"));
    let tokens = app
        .settings
        .channels
        .whatsapp
        .as_ref()
        .map(|whatsapp| slice::from_ref(&whatsapp.webhook_verify_token));
    webhook::challenge(&mode, &token, &challenge, tokens.unwrap_or_default())
        .map(str::to_owned)
        .ok_or_else(|| Problem::new(Code::SenderUnknown))
}

/// Hears what Meta says.
#[utoipa::path(post, path = "/api/notifications/receipts/whatsapp", operation_id = "notifications.whatsapp",
    tag = "notifications",
    request_body(content = Object, description = "What happened, as Meta writes it.", content_type = "application/json"),
    security(("whatsapp" = [])),
    responses((status = 200, description = "It has been kept and passed on."), NotHeard))]
pub(crate) async fn whatsapp(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = raw(body)?;
    let secrets = app.settings.channels.whatsapp.as_ref().map(|whatsapp| whatsapp.app_secrets.as_slice());
    only(&headers, SIGNATURE_HEADER)
        .ok_or(WebhookError::Malformed)
        .and_then(|header| webhook::verify(&body, header, secrets.unwrap_or_default()))
        .map_err(|error| refused(PROVIDER, error))?;
    Delivery::new(&app, PROVIDER, "", &body).take(webhook::parse(&body).map(told)).await
}

fn told(events: Vec<Event>) -> Told {
    let mut told = Told::default();
    for event in events {
        match event {
            Event::Receipt(receipt) => told.receipts.push(receipt),
            Event::Inbound(inbound) => told.words.extend(written(inbound)),
            Event::Preference(preference) => told.words.extend(preferred(&preference)),
            Event::TemplateChanged(change) => {
                tracing::warn!(
                    name = change.name,
                    event = change.event,
                    "Meta has changed a template's state"
                );
            }
            Event::Other(kind) => tracing::debug!(kind, "Meta tells what nothing waits for"),
        }
    }
    told
}

fn written(inbound: Inbound) -> Option<Word> {
    let Inbound { id, from, at, said, .. } = inbound;
    let reply = match &said {
        Said::Text(text) => Reply::of(text.expose()),
        Said::Button { payload: word, .. } | Said::Reply { id: word, .. } => Reply::of(word),
        // The number that speaks is not theirs any more.
        Said::NumberChanged(_) => return None,
        Said::Other(_) => None,
    };
    let address = from.as_ref()?;
    Some(word(id.expose().clone(), address, at, reply, OptOut::Reply, true))
}

fn preferred(preference: &Preference) -> Option<Word> {
    let Preference { of, wants_marketing, at } = preference;
    let address = of.as_ref()?;
    let reply = if *wants_marketing { Reply::Start } else { Reply::Stop };
    // Meta has no name for it: who, what and when is one.
    let event = format!("preference.{}.{wants_marketing}.{}", address.reveal(), at.timestamp());
    Some(word(event, address, *at, Some(reply), OptOut::Provider, false))
}

fn word(
    event: String,
    address: &Phone,
    at: chrono::DateTime<chrono::Utc>,
    reply: Option<Reply>,
    how: OptOut,
    opens_the_window: bool,
) -> Word {
    let address = address.reveal().to_owned();
    Word { event, channel: Channel::WhatsApp, address, at, reply, how, opens_the_window }
}
