//! What the emulators of the providers of messages have in common: a book, faults, webhooks, a person's answers, and the
//! handle by which a test looks and bends.
//!
//! A [`Provider`] is what one emulator adds: its endpoints, its book, its own words for what goes wrong, and how it proves
//! that a letter is its own. Wave came first and keeps its own, because its book is kept in a file and money hangs on it.

mod calls;
mod control;
mod desk;
pub(crate) mod forms;
mod gathering;
mod handle;
mod letters;
pub(crate) mod strict;
pub(crate) mod tokens;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::inbox::{Channel, Said, Slot};
use crate::telling::Retry;

pub(crate) use calls::bent;
pub use desk::Desk;
pub use gathering::Gathers;
pub use handle::Emulator;
pub(crate) use handle::wait_for;
pub use letters::{Delivery, Letter};

/// A provider, as far as its emulator differs from the others.
pub trait Provider: Debug + Sized + Send + Sync + 'static {
    /// The calls that can be counted and bent.
    type Endpoint: Copy + Ord + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What it has taken, exactly.
    type Book: Clone + Debug + Default + Serialize + Send + Sync + 'static;
    /// As people call it.
    const NAME: &'static str;
    const CHANNEL: Channel;
    /// Whether people can answer.
    const HEARS: bool = false;

    /// Its own words for a fault.
    fn answer(trouble: &Trouble<'_>) -> Response;

    /// Closes a letter as it closes its own; a forged one as somebody would who does not know how.
    fn seal(&self, letter: &mut Letter);

    /// What a person did with a message, or wrote of themselves.
    fn hear(_desk: &Arc<Desk<Self>>, _said: &Said) {}
}

/// What a fault has a provider say.
#[derive(Clone, Copy, Debug)]
pub enum Trouble<'a> {
    /// 429, and in how many seconds to come again. The `Retry-After` is written elsewhere.
    TooManyRequests { seconds: Option<u32> },
    /// Something went wrong over there.
    Broken(StatusCode),
    /// No, with the code of the caller's choice.
    Refused(StatusCode, &'a str),
}

/// How an emulator is set up, whatever it emulates.
#[derive(Clone, Debug)]
pub struct Place {
    /// 0 picks a free one.
    pub port: u16,
    /// Where people read what arrives. By itself one that nobody looks into.
    pub inbox: Slot,
    pub webhook_retry: Retry,
    /// How long a receiver may take to answer.
    pub webhook_timeout: Duration,
    /// How long events wait for others to be told with, where a provider tells several at once. Zero: each by itself.
    pub webhook_gather: Duration,
}

impl Place {
    /// For tests: a few quick tries, and every event in a letter of its own.
    pub fn quick() -> Self {
        Self { webhook_retry: Retry::QUICK, webhook_gather: Duration::ZERO, ..Self::default() }
    }
}

impl Default for Place {
    fn default() -> Self {
        Self {
            port: 0,
            inbox: Slot::default(),
            webhook_retry: Retry::default(),
            webhook_timeout: Duration::from_secs(5),
            webhook_gather: Duration::from_millis(50),
        }
    }
}

/// Why an emulator cannot be had, or cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the emulator of {who} cannot listen on port {port}")]
    Listen { who: &'static str, port: u16, source: std::io::Error },
    #[error("the emulator of {who} cannot make its webhook client")]
    Client { who: &'static str, source: reqwest::Error },
    #[error("waited {0:?} for a fact that did not come")]
    Deadline(Duration),
}
