//! The emulator's own exact book: what was sent to whom and what became of it, and who wants nothing more.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Queued,
    Sent,
    Delivered,
    Undelivered,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
        }
    }
}

/// A message that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// `SM…`
    pub sid: String,
    /// E.164
    pub to: String,
    /// A number, a name, or the service that picks one.
    pub from: String,
    pub text: String,
    /// Where its receipts go.
    pub callback: Option<String>,
    pub at: DateTime<Utc>,
    pub status: Status,
    /// Why it was not delivered.
    pub code: Option<u32>,
    /// The form that it came in, field by field.
    pub form: Vec<(String, String)>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    messages: Vec<Sent>,
    stopped: BTreeSet<String>,
}

impl Book {
    /// Every message that was taken, the oldest first.
    pub fn messages(&self) -> &[Sent] {
        &self.messages
    }

    pub fn message(&self, sid: &str) -> Option<&Sent> {
        self.messages.iter().find(|message| message.sid == sid)
    }

    pub fn messages_to<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.messages.iter().filter(move |message| message.to == to)
    }

    /// Whether they have answered STOP, and not START since.
    pub fn has_stopped(&self, phone: &str) -> bool {
        self.stopped.contains(phone)
    }

    pub(super) fn set_stopped(&mut self, phone: &str, stopped: bool) {
        if stopped {
            self.stopped.insert(phone.to_owned());
        } else {
            self.stopped.remove(phone);
        }
    }

    pub(super) fn take(&mut self, message: Sent) {
        self.messages.push(message);
    }

    pub(super) fn mark(&mut self, sid: &str, status: Status, code: Option<u32>) {
        // The newest first: what is marked was taken a moment ago.
        if let Some(message) = self.messages.iter_mut().rev().find(|message| message.sid == sid) {
            (message.status, message.code) = (status, code);
        }
    }
}
