//! Twilio's messages on this machine: texts one way, signed receipts and people's answers the other.
//!
//! It follows Twilio's published description. What becomes of a message is told at the address that came with it; what
//! people answer, at the addresses that were registered. Whoever answers STOP gets nothing more until they answer START.
//!
//! It refuses what it does not know, which Twilio would pass over, and to send anything anywhere: what it delivers is read
//! in the inbox. Numbers that end in 71 cannot be, in 73 have said STOP before, in 74 are switched off, in 75 are nobody's.
//!
//! Other processes use the control API under `/_sandbox/` (see `emulator/control.rs`).

mod book;
mod errors;
mod sending;
mod telling;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};

pub use book::{Book, Sent, Status};

use crate::emulator::{Desk, Emulator, Error, Letter, Place, Provider, Trouble, bent};
use crate::inbox::{Channel, Said};
use errors::Refusal;

/// The calls that can be counted and bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Messages,
}

/// A fault on calls, and when it strikes.
pub type FaultRule = crate::faults::FaultRule<Endpoint>;

/// How the emulator is set up. The defaults suit a local world; tests change what they test.
#[derive(Clone, Debug)]
pub struct Options {
    pub place: Place,
    pub account_sid: String,
    pub auth_token: String,
    /// Numbers and names that messages may be from. Answers go to the first.
    pub senders: Vec<String>,
    /// A service that picks the sender.
    pub service_sid: String,
    /// Between the steps of a message.
    pub pace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::default(),
            account_sid: "AC00000000000000000000000000000221".into(),
            auth_token: "sandbox-twilio-token".into(),
            senders: vec!["+15005550006".into(), "WOLO".into()],
            service_sid: "MG00000000000000000000000000000221".into(),
            pace: Duration::from_millis(100),
        }
    }
}

/// What makes an emulator Twilio's.
#[derive(Debug)]
pub struct Carrier {
    options: Options,
}

/// The running emulator.
pub type Twilio = Emulator<Carrier>;

type TwilioDesk = Desk<Carrier>;
type Here = State<Arc<TwilioDesk>>;

impl Provider for Carrier {
    type Endpoint = Endpoint;
    type Book = Book;
    const NAME: &'static str = "Twilio";
    const CHANNEL: Channel = Channel::Sms;
    const HEARS: bool = true;

    fn answer(trouble: &Trouble<'_>) -> Response {
        match *trouble {
            Trouble::TooManyRequests { .. } => {
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, 20_429, "Too Many Requests")
            }
            Trouble::Broken(status) => Refusal::new(status, 20_500, "Internal Server Error"),
            Trouble::Refused(status, code) => Refusal::new(status, code.parse().unwrap_or(20_001), "Refused"),
        }
        .into_response()
    }

    fn seal(&self, letter: &mut Letter) {
        let token = if letter.forged { "somebody-else" } else { &self.options.auth_token };
        letter.headers = vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("x-twilio-signature", telling::signature(token, &letter.url, &letter.body)),
        ];
    }

    fn hear(desk: &Arc<Desk<Self>>, said: &Said) {
        telling::heard(desk, &said.from, &said.text);
    }
}

fn routes(desk: &Arc<TwilioDesk>) -> Router<Arc<TwilioDesk>> {
    Router::new()
        .route(
            "/2010-04-01/Accounts/{account}/Messages.json",
            bent(desk, Endpoint::Messages, post(sending::send)),
        )
        .fallback(async || {
            Refusal::new(StatusCode::NOT_FOUND, 20_404, "The requested resource was not found")
        })
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, 20_004, "Method not allowed")
        })
}

impl Twilio {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let place = options.place.clone();
        Self::launch(Carrier { options }, place, routes).await
    }

    /// The ids, tokens and senders that it knows.
    pub fn options(&self) -> &Options {
        &self.desk.provider.options
    }

    /// A person answers. Answers the name of what they wrote.
    pub fn write(&self, from: &str, text: &str) -> String {
        telling::heard(&self.desk, from, text)
    }
}
