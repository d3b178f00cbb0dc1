//! The emulator's own exact book: what was sent to whom and what became of it, people, templates, media.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::templates::Template;

/// How long one may write freely after a person has written.
const WINDOW: TimeDelta = TimeDelta::hours(24);

/// What has become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Accepted,
    Sent,
    Delivered,
    Read,
    Failed,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// A message that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// `wamid.…`
    pub id: String,
    /// E.164
    pub to: String,
    /// `text`, `template`, `interactive`, `image` or `document`.
    pub kind: String,
    /// The sender's `biz_opaque_callback_data`.
    pub reference: Option<String>,
    pub template: Option<String>,
    /// As the person reads it.
    pub text: String,
    pub at: DateTime<Utc>,
    pub status: Status,
    /// Why it failed.
    pub code: Option<u32>,
}

/// A file that was uploaded.
#[derive(Clone, Debug, Serialize)]
pub struct Media {
    pub id: String,
    pub mime_type: String,
    /// Hex.
    pub sha256: String,
    #[serde(skip)]
    pub bytes: axum::body::Bytes,
    pub uploaded_at: DateTime<Utc>,
}

/// Somebody with a phone.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Person {
    last_heard: Option<DateTime<Utc>>,
    pub(super) stopped_marketing: bool,
    /// Whether the one refusal that some numbers begin with has been given.
    pub(super) was_throttled: bool,
    /// When the next message could go if nothing may come in bursts.
    next: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Book {
    messages: Vec<Sent>,
    #[serde(skip)]
    by_id: HashMap<String, usize>,
    people: BTreeMap<String, Person>,
    pub(super) templates: Vec<Template>,
    pub(super) media: BTreeMap<String, Media>,
    /// Whether the account's news are wanted. Who has given an address is told all the same here, so that a test need not ask.
    pub(super) subscribed: bool,
    /// When the last second with its messages began, and how many there were.
    second: (DateTime<Utc>, u32),
}

impl Book {
    /// Every message that was taken, the oldest first.
    pub fn messages(&self) -> &[Sent] {
        &self.messages
    }

    pub fn message(&self, id: &str) -> Option<&Sent> {
        self.by_id.get(id).map(|at| &self.messages[*at])
    }

    /// What was taken under a reference: more than one is a duplicate.
    pub fn messages_for<'a>(&'a self, reference: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.messages.iter().filter(move |message| message.reference.as_deref() == Some(reference))
    }

    pub fn messages_to<'a>(&'a self, to: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.messages.iter().filter(move |message| message.to == to)
    }

    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// Whether somebody has asked to be told about the account.
    pub fn is_subscribed(&self) -> bool {
        self.subscribed
    }

    pub fn media(&self, id: &str) -> Option<&Media> {
        self.media.get(id)
    }

    /// Whether one may write to this phone freely.
    pub fn window_is_open(&self, phone: &str, now: DateTime<Utc>) -> bool {
        let heard = self.people.get(phone).and_then(|person| person.last_heard);
        heard.is_some_and(|heard| now < heard + WINDOW)
    }

    pub fn stopped_marketing(&self, phone: &str) -> bool {
        self.people.get(phone).is_some_and(|person| person.stopped_marketing)
    }

    pub(super) fn person(&mut self, phone: &str) -> &mut Person {
        self.people.entry(phone.to_owned()).or_default()
    }

    pub(super) fn hear(&mut self, phone: &str, now: DateTime<Utc>) {
        self.person(phone).last_heard = Some(now);
    }

    pub(super) fn take(&mut self, message: Sent) {
        self.by_id.insert(message.id.clone(), self.messages.len());
        self.messages.push(message);
    }

    pub(super) fn mark(&mut self, id: &str, status: Status, code: Option<u32>) {
        if let Some(at) = self.by_id.get(id) {
            let message = &mut self.messages[*at];
            (message.status, message.code) = (status, code);
        }
    }

    /// Whether another message may go now, at so many a second.
    pub(super) fn has_room(&mut self, per_second: u32, now: DateTime<Utc>) -> bool {
        let (began, count) = &mut self.second;
        if now - *began >= TimeDelta::seconds(1) || now < *began {
            (*began, *count) = (now, 0);
        }
        *count += 1;
        *count <= per_second
    }

    /// Whether another message may go to this phone now: one in `every`, and `burst` of them at once.
    pub(super) fn pair_has_room(
        &mut self,
        phone: &str,
        every: TimeDelta,
        burst: i32,
        now: DateTime<Utc>,
    ) -> bool {
        let next = &mut self.person(phone).next;
        let due = next.map_or(now, |next| next.max(now));
        let has_room = due - now <= every * (burst - 1);
        if has_room {
            *next = Some(due + every);
        }
        has_room
    }
}
