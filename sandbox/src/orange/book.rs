//! The emulator's own exact book: what was sent to whom and what became of it, tokens, and the bundle.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::emulator::tokens::Tokens;

/// What has become of a message, in Orange's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// Taken, and nothing said of it yet.
    Accepted,
    DeliveredToNetwork,
    DeliveredToTerminal,
    MessageWaiting,
    DeliveryImpossible,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::DeliveredToNetwork => "DeliveredToNetwork",
            Self::DeliveredToTerminal => "DeliveredToTerminal",
            Self::MessageWaiting => "MessageWaiting",
            Self::DeliveryImpossible => "DeliveryImpossible",
        }
    }
}

/// A message that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    pub id: String,
    /// E.164
    pub to: String,
    pub sender_name: Option<String>,
    pub text: String,
    /// What it cost.
    pub units: i64,
    pub at: DateTime<Utc>,
    pub status: Status,
}

/// Units that were bought together.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Bundle {
    pub(super) bought: i64,
    pub(super) left: i64,
    pub(super) bought_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    messages: Vec<Sent>,
    pub(super) bundle: Option<Bundle>,
    #[serde(skip)]
    pub(super) tokens: Tokens,
}

impl Book {
    /// Every message that was taken, the oldest first.
    pub fn messages(&self) -> &[Sent] {
        &self.messages
    }

    pub fn message(&self, id: &str) -> Option<&Sent> {
        self.messages.iter().find(|message| message.id == id)
    }

    pub fn messages_to<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.messages.iter().filter(move |message| message.to == to)
    }

    pub fn units_left(&self) -> i64 {
        self.bundle.as_ref().map_or(0, |bundle| bundle.left)
    }

    /// How many tokens were given out and not taken back.
    pub fn tokens(&self) -> usize {
        self.tokens.count()
    }

    pub(super) fn buy(&mut self, units: i64, now: DateTime<Utc>, expires_at: DateTime<Utc>) {
        self.bundle = Some(Bundle { bought: units, left: units, bought_at: now, expires_at });
    }

    /// Pays for a message, if there is enough that has not expired.
    pub(super) fn pay(&mut self, units: i64, now: DateTime<Utc>) -> bool {
        let Some(bundle) = self.bundle.as_mut().filter(|it| now < it.expires_at && it.left >= units) else {
            return false;
        };
        bundle.left -= units;
        true
    }

    pub(super) fn take(&mut self, message: Sent) {
        self.messages.push(message);
    }

    pub(super) fn mark(&mut self, id: &str, status: Status) {
        // The newest first: what is marked was taken a moment ago.
        if let Some(message) = self.messages.iter_mut().rev().find(|message| message.id == id) {
            message.status = status;
        }
    }
}
