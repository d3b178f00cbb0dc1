//! Firebase Cloud Messaging on this machine, and the part of Google that gives out tokens for it.
//!
//! It follows Google's published client and its table of errors. A token is given for an assertion that the service
//! account has signed; the account's file is made here ([`Fcm::service_account`]), with a key that is good for nothing else.
//! A push takes the place of one on the same device with the same collapse key: the inbox shows it once.
//!
//! It refuses what Firebase does not document, and to send anything anywhere: what it delivers is read in the inbox.
//! Devices whose names begin with `dead-` are gone, with `mismatch-` are another project's, with `quota-` are too many
//! once, and with `down-` make Firebase fail once.
//!
//! Other processes use the control API under `/_sandbox/` (see `emulator/control.rs`), and `GET /_sandbox/service-account`.

mod access;
mod book;
mod errors;
mod orders;
mod sending;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

pub use book::{Book, Sent};

use crate::emulator::{Desk, Emulator, Error, Letter, Place, Provider, Trouble, bent};
use crate::inbox::Channel;
use errors::Refusal;

/// The calls that can be counted and bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Token,
    Send,
}

/// A fault on calls, and when it strikes.
pub type FaultRule = crate::faults::FaultRule<Endpoint>;

/// How the emulator is set up. The defaults suit a local world; tests change what they test.
#[derive(Clone, Debug)]
pub struct Options {
    pub place: Place,
    pub project_id: String,
    pub client_email: String,
    pub token_life: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::default(),
            project_id: "wolo-sandbox".into(),
            client_email: "wolo@wolo-sandbox.iam.gserviceaccount.example".into(),
            token_life: Duration::from_secs(3599),
        }
    }
}

/// What makes an emulator Firebase's.
#[derive(Debug)]
pub struct Firebase {
    options: Options,
}

/// The running emulator.
pub type Fcm = Emulator<Firebase>;

type FcmDesk = Desk<Firebase>;
type Here = State<Arc<FcmDesk>>;

impl Provider for Firebase {
    type Endpoint = Endpoint;
    type Book = Book;
    const NAME: &'static str = "Firebase";
    const CHANNEL: Channel = Channel::Push;

    fn answer(trouble: &Trouble<'_>) -> Response {
        match *trouble {
            Trouble::TooManyRequests { .. } => Refusal::quota(),
            Trouble::Broken(status) => Refusal::broken(status),
            Trouble::Refused(status, code) => Refusal::fcm(status, code),
        }
        .into_response()
    }

    /// Firebase tells nobody anything.
    fn seal(&self, _letter: &mut Letter) {}
}

fn routes(desk: &Arc<FcmDesk>) -> Router<Arc<FcmDesk>> {
    Router::new()
        .route("/token", bent(desk, Endpoint::Token, post(access::token)))
        .route("/v1/projects/{project}/messages:send", bent(desk, Endpoint::Send, post(sending::send)))
        .route("/_sandbox/service-account", get(async |State(desk): Here| access::service_account(&desk)))
        .fallback(async || Refusal::of_status(StatusCode::NOT_FOUND, "NOT_FOUND", "Not Found"))
}

impl Fcm {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let place = options.place.clone();
        Self::launch(Firebase { options }, place, routes).await
    }

    /// The project and the account that it knows.
    pub fn options(&self) -> &Options {
        &self.desk.provider.options
    }

    /// The file of its service account, as Google would have it downloaded.
    pub fn service_account(&self) -> String {
        access::service_account(&self.desk)
    }

    /// Takes back all tokens, good or not.
    pub fn revoke_tokens(&self) {
        self.desk.change(|book| book.tokens.revoke());
    }
}
