//! Every mail that was taken.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A mail that was taken, for everybody to whom it goes.
#[derive(Clone, Debug, Serialize)]
pub struct Received {
    /// The `Message-ID`, without its brackets; absent where a client gives none.
    pub id: Option<String>,
    /// Of the envelope.
    pub from: String,
    /// Of the envelope.
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// As it came, with no dots put before others.
    pub raw: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    pub(super) mails: Vec<Received>,
    /// Addresses that have been asked to come later.
    pub(super) deferred: BTreeSet<String>,
}

impl Book {
    /// Every mail that was taken, the oldest first.
    pub fn mails(&self) -> &[Received] {
        &self.mails
    }

    pub fn mails_to<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a Received> {
        self.mails.iter().filter(move |mail| mail.to.iter().any(|one| one == to))
    }

    /// What was taken under an id: more than one is a duplicate.
    pub fn mails_called<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Received> {
        self.mails.iter().filter(move |mail| mail.id.as_deref() == Some(id))
    }
}
