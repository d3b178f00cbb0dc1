//! SendGrid on this machine: mails one way, signed batches of events the other, and the lists of those to whom nothing is
//! sent.
//!
//! It follows SendGrid's documents. A 202 says that a mail was taken; all else comes as events. Addresses that begin with
//! `bounce`, `block`, `defer`, `spam` or `drop` (up to an `@` or a `+`) do that; a mail to an address that is on a list is
//! dropped without a try. Openings are told unless the mail asks not to.
//!
//! It refuses what SendGrid does not document, and to send anything anywhere: mails are read in the inbox, where the button
//! of a mail that can be ended in one click does what a mail program's does.

mod book;
mod errors;
mod events;
mod orders;
mod sending;
mod suppressions;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use book::{Book, List, Sent, Status, Suppression};

use crate::emulator::{Desk, Emulator, Error, Gathers, Letter, Place, Provider, Trouble, bent};
use crate::inbox::{Channel, Said, one_click};
use errors::Refusal;
use events::{Signer, Told};

/// The calls that can be counted and bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Endpoint {
    #[serde(rename = "mail.send")]
    Send,
    #[serde(rename = "suppressions")]
    Suppressions,
}

/// A fault on calls, and when it strikes.
pub type FaultRule = crate::faults::FaultRule<Endpoint>;

/// How the emulator is set up. The defaults suit a local world; tests change what they test.
#[derive(Clone, Debug)]
pub struct Options {
    pub place: Place,
    pub api_key: String,
    /// Between the steps of a mail.
    pub pace: Duration,
    /// Whether people open what is delivered to them.
    pub people_read: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::default(),
            api_key: "SG.sandbox-key".into(),
            pace: Duration::from_millis(100),
            people_read: true,
        }
    }
}

/// What makes an emulator SendGrid's: an account there.
#[derive(Debug)]
pub struct Account {
    options: Options,
    signer: Signer,
}

/// The running emulator.
pub type SendGrid = Emulator<Account>;

type SendGridDesk = Desk<Account>;
type Here = State<Arc<SendGridDesk>>;

impl Provider for Account {
    type Endpoint = Endpoint;
    type Book = Book;
    const NAME: &'static str = "SendGrid";
    const CHANNEL: Channel = Channel::Email;

    fn answer(trouble: &Trouble<'_>) -> Response {
        match *trouble {
            Trouble::TooManyRequests { seconds } => {
                let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many requests");
                let reset = Utc::now().timestamp() + i64::from(seconds.unwrap_or(60));
                let limits = [
                    ("x-ratelimit-limit", "600".to_owned()),
                    ("x-ratelimit-remaining", "0".to_owned()),
                    ("x-ratelimit-reset", reset.to_string()),
                ];
                (limits, refusal).into_response()
            }
            Trouble::Broken(status) => Refusal::new(status, "internal error").into_response(),
            Trouble::Refused(status, field) => Refusal::new(status, "refused").about(field).into_response(),
        }
    }

    fn seal(&self, letter: &mut Letter) {
        let timestamp = letter.sent_at.timestamp().to_string();
        let signature = self.signer.sign(&timestamp, &letter.body, letter.forged);
        letter.headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-twilio-email-event-webhook-signature", signature),
            ("x-twilio-email-event-webhook-timestamp", timestamp),
        ];
    }

    /// The only thing that can be pressed below a mail ends such mails.
    fn hear(desk: &Arc<Desk<Self>>, said: &Said) {
        if let Some(place) = said.payload.clone() {
            desk.later(one_click::press(desk.client.clone(), place));
        }
    }
}

impl Gathers for Account {
    fn pack(&self, events: Vec<Value>) -> String {
        events::pack(&events)
    }
}

fn access(desk: &SendGridDesk, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given.and_then(|value| value.strip_prefix("Bearer ")) == Some(&desk.provider.options.api_key) {
        return Ok(());
    }
    let words = "The provided authorization grant is invalid, expired, or revoked";
    Err(Refusal::new(StatusCode::UNAUTHORIZED, words))
}

fn routes(desk: &Arc<SendGridDesk>) -> Router<Arc<SendGridDesk>> {
    let lists = |route| bent(desk, Endpoint::Suppressions, route);
    let one = get(suppressions::look_up).delete(suppressions::forgive);
    let globally = get(suppressions::is_suppressed).delete(suppressions::end_suppression);
    Router::new()
        .route("/v3/mail/send", bent(desk, Endpoint::Send, post(sending::send)))
        .route("/v3/suppression/{list}", lists(get(suppressions::list)))
        .route("/v3/suppression/{list}/{email}", lists(one))
        .route("/v3/asm/suppressions/global", lists(post(suppressions::suppress)))
        .route("/v3/asm/suppressions/global/{email}", lists(globally))
        // Mails are larger than what axum reads by itself, and bounded where they are taken.
        .layer(DefaultBodyLimit::disable())
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "not found"))
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed")
        })
}

impl SendGrid {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let place = options.place.clone();
        Self::launch(Account { options, signer: Signer::new() }, place, routes).await
    }

    pub fn api_key(&self) -> &str {
        &self.desk.provider.options.api_key
    }

    /// What events are checked with: Base64 of a `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> String {
        self.desk.provider.signer.public_key()
    }

    /// Signs with a new key from now on.
    pub fn rotate_key(&self) {
        self.desk.provider.signer.rotate();
    }

    /// The reader of a mail follows SendGrid's own link for no more of them. False when there is no such mail.
    pub fn unsubscribe(&self, sg_message_id: &str) -> bool {
        let mail =
            self.look(|book| book.mails().iter().find(|one| one.sg_message_id == sg_message_id).cloned());
        if let Some(mail) = &mail {
            sending::suppress(&self.desk, List::Unsubscribes, &mail.to, "", "");
            events::tell(&self.desk, mail, Told::Unsubscribed);
        }
        mail.is_some()
    }
}
