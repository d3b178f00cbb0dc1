//! The emulator's own exact book: mails, what became of each, and to whom nothing is sent.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// What has become of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Taken, and not tried yet.
    Accepted,
    Deferred,
    Delivered,
    Bounced,
    Dropped,
}

/// A mail to one address that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// What `X-Message-Id` said; the same for all of one request.
    pub id: String,
    /// What events call it; for each address another.
    pub sg_message_id: String,
    pub to: String,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub custom_args: BTreeMap<String, String>,
    pub categories: Vec<String>,
    pub at: DateTime<Utc>,
    pub status: Status,
}

/// Why nothing is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    Bounces,
    Blocks,
    SpamReports,
    InvalidEmails,
    /// The global one: who unsubscribed, and whom we put there.
    Unsubscribes,
}

impl List {
    /// As a drop says it; blocked addresses are tried again.
    pub(super) fn reason(self) -> Option<&'static str> {
        match self {
            Self::Bounces => Some("Bounced Address"),
            Self::SpamReports => Some("Spam Reporting Address"),
            Self::InvalidEmails => Some("Invalid"),
            Self::Unsubscribes => Some("Unsubscribed Address"),
            Self::Blocks => None,
        }
    }
}

/// An address on a list.
#[derive(Clone, Debug, Serialize)]
pub struct Suppression {
    /// Unix seconds.
    pub created: i64,
    pub email: String,
    pub reason: String,
    pub status: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    mails: Vec<Sent>,
    /// Requests that were only checked, in sandbox mode.
    pub(super) checked: u64,
    lists: BTreeMap<List, Vec<Suppression>>,
    /// Where each mail is, by its `sg_message_id`.
    #[serde(skip)]
    places: HashMap<String, usize>,
}

impl Book {
    /// Every mail that was taken, the oldest first.
    pub fn mails(&self) -> &[Sent] {
        &self.mails
    }

    /// How many requests were only checked.
    pub fn checked(&self) -> u64 {
        self.checked
    }

    pub fn mails_to<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.mails.iter().filter(move |mail| mail.to == to)
    }

    /// What was taken with a custom argument: more than one is a duplicate.
    pub fn mails_with<'a>(&'a self, name: &'a str, value: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.mails.iter().filter(move |mail| mail.custom_args.get(name).is_some_and(|given| given == value))
    }

    /// Who is on a list.
    pub fn suppressed(&self, list: List) -> &[Suppression] {
        self.lists.get(&list).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn is_suppressed(&self, list: List, email: &str) -> bool {
        self.suppressed(list).iter().any(|one| one.email == email)
    }

    /// Why nothing is sent to this address.
    pub(super) fn dropped_for(&self, email: &str) -> Option<&'static str> {
        let mut listed = self.lists.keys().filter(|list| self.is_suppressed(**list, email));
        listed.find_map(|list| list.reason())
    }

    pub(super) fn take(&mut self, mail: Sent) {
        self.places.insert(mail.sg_message_id.clone(), self.mails.len());
        self.mails.push(mail);
    }

    pub(super) fn mark(&mut self, mail: &Sent, status: Status) {
        if let Some(place) = self.places.get(&mail.sg_message_id) {
            self.mails[*place].status = status;
        }
    }

    /// Puts an address on a list; once is enough.
    pub(super) fn suppress(&mut self, list: List, entry: Suppression) {
        let entries = self.lists.entry(list).or_default();
        if !entries.iter().any(|one| one.email == entry.email) {
            entries.push(entry);
        }
    }

    /// Takes an address off a list. False if it was not on it.
    pub(super) fn forgive(&mut self, list: List, email: &str) -> bool {
        let entries = self.lists.entry(list).or_default();
        let before = entries.len();
        entries.retain(|one| one.email != email);
        entries.len() < before
    }
}
