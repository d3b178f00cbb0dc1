//! Orange's SMS API on this machine: tokens, a bundle of units that runs out, texts one way and receipts the other.
//!
//! It follows Orange's documentation, and client code where that is silent. A receipt is not signed: it goes to the
//! address that was registered, and whoever forges one does not know that address to its end.
//!
//! It refuses what Orange does not document, and to send anything anywhere: what it delivers is read in the inbox.
//! Numbers that end in 81 are not reached, in 82 are off for good, and in 83 make Orange fail.
//!
//! Other processes use the control API under `/_sandbox/` (see `emulator/control.rs`).

mod access;
mod book;
mod errors;
mod sending;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

pub use book::{Book, Sent, Status};

use crate::emulator::{Desk, Emulator, Error, Letter, Place, Provider, Trouble, bent};
use crate::inbox::Channel;
use errors::Refusal;

/// The calls that can be counted and bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Token,
    Send,
    Contracts,
}

/// A fault on calls, and when it strikes.
pub type FaultRule = crate::faults::FaultRule<Endpoint>;

/// How the emulator is set up. The defaults suit a local world; tests change what they test.
#[derive(Clone, Debug)]
pub struct Options {
    pub place: Place,
    pub client_id: String,
    pub client_secret: String,
    /// The number that messages are from.
    pub sender: String,
    /// Names that were approved to stand in its place.
    pub sender_names: Vec<String>,
    pub token_life: Duration,
    /// Units in the bundle, and how long it lives.
    pub units: i64,
    pub bundle_life: Duration,
    /// Between the steps of a message.
    pub pace: Duration,
    /// Whether a receipt has its status a level deeper, as some have.
    pub nested_receipts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::default(),
            client_id: "sandbox-orange-client".into(),
            client_secret: "sandbox-orange-secret".into(),
            sender: "+2210000".into(),
            sender_names: vec!["WOLO".into()],
            token_life: Duration::from_hours(1),
            units: 1_000_000,
            bundle_life: Duration::from_hours(30 * 24),
            pace: Duration::from_millis(100),
            nested_receipts: false,
        }
    }
}

/// What makes an emulator Orange's.
#[derive(Debug)]
pub struct Operator {
    options: Options,
}

/// The running emulator.
pub type Orange = Emulator<Operator>;

type OrangeDesk = Desk<Operator>;
type Here = State<Arc<OrangeDesk>>;

impl Provider for Operator {
    type Endpoint = Endpoint;
    type Book = Book;
    const NAME: &'static str = "Orange";
    const CHANNEL: Channel = Channel::Sms;

    fn answer(trouble: &Trouble<'_>) -> Response {
        match *trouble {
            Trouble::TooManyRequests { .. } => {
                Refusal::gateway(StatusCode::TOO_MANY_REQUESTS, 53, "Too many requests")
            }
            Trouble::Broken(status) => Refusal::gateway(status, 1, "Internal error"),
            Trouble::Refused(status, code) => Refusal::of_code(status, code),
        }
        .into_response()
    }

    fn seal(&self, letter: &mut Letter) {
        if letter.forged {
            letter.url.push('x');
        }
        letter.headers = vec![("content-type", "application/json".to_owned())];
    }
}

fn routes(desk: &Arc<OrangeDesk>) -> Router<Arc<OrangeDesk>> {
    Router::new()
        .route("/oauth/v3/token", bent(desk, Endpoint::Token, post(access::token)))
        .route("/smsmessaging/v1/outbound/{sender}/requests", bent(desk, Endpoint::Send, post(sending::send)))
        .route("/sms/admin/v1/contracts", bent(desk, Endpoint::Contracts, get(sending::contracts)))
        .fallback(async || Refusal::gateway(StatusCode::NOT_FOUND, 60, "Resource not found"))
        .method_not_allowed_fallback(async || {
            Refusal::gateway(StatusCode::METHOD_NOT_ALLOWED, 61, "Method not allowed")
        })
}

impl Orange {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let (place, units, life) = (options.place.clone(), options.units, options.bundle_life);
        let orange = Self::launch(Operator { options }, place, routes).await?;
        orange.buy(units, life);
        Ok(orange)
    }

    /// The credentials and settings that it knows.
    pub fn options(&self) -> &Options {
        &self.desk.provider.options
    }

    /// A bundle takes the place of the one that there is.
    pub fn buy(&self, units: i64, life: Duration) {
        let now = self.desk.clock.now();
        self.desk.change(|book| book.buy(units, now, now + life));
    }

    /// Takes back all tokens, good or not.
    pub fn revoke_tokens(&self) {
        self.desk.change(|book| book.tokens.revoke());
    }
}
