//! WhatsApp's Cloud API on this machine: templates, texts, buttons and files one way, receipts and people's answers the
//! other.
//!
//! It follows Meta's documentation: who has not written within a day can only be sent an approved template; too many
//! messages to one phone, or in one second, are refused; that a message was taken says nothing about its delivery. Like
//! Meta it says most refusals in a status afterwards, and not in its answer; a fault of kind `refused` says one in the answer.
//!
//! It refuses what Meta does not document, and to send anything anywhere: what it delivers is read in the inbox.
//! Numbers that end in 26 are not on WhatsApp, in 47 want a template, in 50 have stopped marketing, in 29 are too many once.
//!
//! Other processes use the control API under `/_sandbox/` (see `emulator/control.rs`).

mod access;
mod book;
mod errors;
mod filled;
mod media;
mod orders;
mod sending;
mod telling;
mod templates;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use book::{Book, Media, Sent, Status};
pub use templates::{Category, OtpType, Standing, Template, TemplateButton};

use crate::emulator::{Desk, Emulator, Error, Gathers, Letter, Place, Provider, Trouble, bent};
use crate::inbox::{Channel, Said};
use errors::Refusal;

/// The calls that can be counted and bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Endpoint {
    #[serde(rename = "messages")]
    Messages,
    #[serde(rename = "templates")]
    Templates,
    #[serde(rename = "media.upload")]
    MediaUpload,
    /// Asking about a file and deleting it.
    #[serde(rename = "media")]
    Media,
    #[serde(rename = "media.download")]
    MediaDownload,
}

/// A fault on calls, and when it strikes.
pub type FaultRule = crate::faults::FaultRule<Endpoint>;

/// How the emulator is set up. The defaults suit a local world; tests change what they test.
#[derive(Clone, Debug)]
pub struct Options {
    pub place: Place,
    pub access_token: String,
    /// What webhooks are signed with.
    pub app_secret: String,
    /// What the handshake of a webhook shows.
    pub verify_token: String,
    /// Of the number that sends, and the number itself, without a `+`.
    pub phone_number_id: String,
    pub display_phone_number: String,
    pub waba_id: String,
    /// Between the steps of a message.
    pub pace: Duration,
    /// Whether people read what is delivered to them.
    pub people_read: bool,
    /// How a template stands once it is handed in.
    pub template_review: Standing,
    /// Messages in a second.
    pub per_second: u32,
    /// Messages to one phone: one in this time, and so many of them at once.
    pub pair_every: Duration,
    pub pair_burst: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::default(),
            access_token: "EAAsandbox-whatsapp-token".into(),
            app_secret: "sandbox-whatsapp-app-secret".into(),
            verify_token: "sandbox-whatsapp-verify-token".into(),
            phone_number_id: "221000000000010".into(),
            display_phone_number: "221338000000".into(),
            waba_id: "221000000000020".into(),
            pace: Duration::from_millis(100),
            people_read: true,
            template_review: Standing::Approved,
            per_second: 80,
            pair_every: Duration::from_secs(6),
            pair_burst: 45,
        }
    }
}

/// What makes an emulator Meta's.
#[derive(Debug)]
pub struct Meta {
    options: Options,
}

/// The running emulator.
pub type WhatsApp = Emulator<Meta>;

type WhatsAppDesk = Desk<Meta>;
type Here = State<Arc<WhatsAppDesk>>;

impl Provider for Meta {
    type Endpoint = Endpoint;
    type Book = Book;
    const NAME: &'static str = "WhatsApp";
    const CHANNEL: Channel = Channel::WhatsApp;
    const HEARS: bool = true;

    fn answer(trouble: &Trouble<'_>) -> Response {
        match *trouble {
            Trouble::TooManyRequests { .. } => Refusal::new(130_429, "too many").into_response(),
            Trouble::Broken(status) => Refusal::new(131_000, "something went wrong").respond(status),
            Trouble::Refused(status, code) => {
                Refusal::new(code.parse().unwrap_or(100), "refused").respond(status)
            }
        }
    }

    fn seal(&self, letter: &mut Letter) {
        let secret = if letter.forged { "somebody-else" } else { &self.options.app_secret };
        letter.headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-hub-signature-256", telling::signature(secret, &letter.body)),
        ];
    }

    fn hear(desk: &Arc<Desk<Self>>, said: &Said) {
        telling::heard(desk, said);
    }
}

impl Gathers for Meta {
    fn pack(&self, events: Vec<Value>) -> String {
        let entry = json!([{ "id": self.options.waba_id, "changes": events }]);
        telling::escaped(&json!({ "object": "whatsapp_business_account", "entry": entry }))
    }
}

fn routes(desk: &Arc<WhatsAppDesk>) -> Router<Arc<WhatsAppDesk>> {
    let templates = post(templates::create).get(templates::list);
    Router::new()
        .route("/{version}/{id}/messages", bent(desk, Endpoint::Messages, post(sending::messages)))
        .route("/{version}/{id}/media", bent(desk, Endpoint::MediaUpload, post(media::upload)))
        .route("/{version}/{id}/message_templates", bent(desk, Endpoint::Templates, templates))
        .route("/{version}/{id}/subscribed_apps", post(templates::subscribe))
        .route("/{version}/{id}", bent(desk, Endpoint::Media, get(media::about).merge(delete(media::delete))))
        .route(
            "/whatsapp_business/attachments/{id}/{until}",
            bent(desk, Endpoint::MediaDownload, get(media::download)),
        )
        // Files are larger than what axum reads by itself, and bounded where they are taken.
        .layer(DefaultBodyLimit::disable())
        .fallback(async || Refusal::new(100, "Unknown path components").respond(StatusCode::NOT_FOUND))
}

impl WhatsApp {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let place = options.place.clone();
        Self::launch(Meta { options }, place, routes).await
    }

    /// The ids, tokens and secrets that it knows.
    pub fn options(&self) -> &Options {
        &self.desk.provider.options
    }

    /// Hands in a template that is approved, or replaces the one of that name and language. Nobody is told.
    pub fn keep_template(&self, template: Template) {
        self.desk.change(|book| {
            let same = |one: &Template| one.name == template.name && one.language == template.language;
            book.templates.retain(|one| !same(one));
            book.templates.push(template);
        });
    }

    /// Meta thinks otherwise of a template, and says so. False when there is none.
    pub fn judge_template(&self, name: &str, language: &str, standing: Standing) -> bool {
        let judged = self.desk.change(|book| {
            let theirs = |one: &&mut Template| one.name == name && one.language == language;
            let template = book.templates.iter_mut().find(theirs)?;
            template.standing = standing;
            Some(template.clone())
        });
        if let Some(template) = &judged {
            telling::standing(&self.desk, template);
        }
        judged.is_some()
    }

    /// A person writes. Answers the name of what they wrote.
    pub fn write(&self, from: &str, text: &str) -> String {
        let said = Said { from: from.to_owned(), text: text.to_owned(), below: None, payload: None };
        telling::heard(&self.desk, &said)
    }

    /// A person presses a button below a message. Answers the name of what was said by it.
    pub fn press(&self, from: &str, message: &str, title: &str, payload: &str) -> String {
        telling::heard(
            &self.desk,
            &Said {
                from: from.to_owned(),
                text: title.to_owned(),
                below: Some(message.to_owned()),
                payload: Some(payload.to_owned()),
            },
        )
    }

    /// A person wants no more marketing, or wants it again.
    pub fn prefer(&self, phone: &str, stop: bool) {
        telling::preference(&self.desk, phone, stop);
    }

    /// Asks an address to prove that it wants webhooks, and registers it if it does.
    pub async fn shake_hands(&self, url: &str) -> bool {
        let challenge = uuid::Uuid::new_v4().as_u128().to_string();
        let wants = telling::challenge(&self.desk, url, &challenge).await == Some(challenge);
        if wants {
            self.register_webhook(url);
        }
        wants
    }
}
