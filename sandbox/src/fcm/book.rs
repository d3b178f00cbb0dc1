//! The emulator's own exact book: what was sent to which device, and tokens.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::emulator::tokens::Tokens;

/// A push that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// `projects/…/messages/…`
    pub name: String,
    pub device: String,
    pub title: Option<String>,
    pub text: Option<String>,
    /// What it takes the place of.
    pub collapse_key: Option<String>,
    pub at: DateTime<Utc>,
    /// The whole message as it came.
    pub message: Value,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    messages: Vec<Sent>,
    /// Devices that have had the one refusal that their names ask for.
    refused_once: BTreeSet<String>,
    #[serde(skip)]
    pub(super) tokens: Tokens,
}

impl Book {
    /// Every push that was taken, the oldest first.
    pub fn messages(&self) -> &[Sent] {
        &self.messages
    }

    pub fn messages_to<'a>(&'a self, device: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.messages.iter().filter(move |message| message.device == device)
    }

    /// What was taken under a collapse key: more than one is a duplicate, though nobody sees it.
    pub fn messages_for<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.messages.iter().filter(move |message| message.collapse_key.as_deref() == Some(key))
    }

    /// How many tokens were given out and not taken back.
    pub fn tokens(&self) -> usize {
        self.tokens.count()
    }

    pub(super) fn take(&mut self, message: Sent) {
        self.messages.push(message);
    }

    /// Whether this device is still to be refused once.
    pub(super) fn refuses_once(&mut self, device: &str) -> bool {
        self.refused_once.insert(device.to_owned())
    }
}
