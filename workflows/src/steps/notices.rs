//! What is asked for when somebody is to be told something.
//!
//! A provider of messages knows no key under which it would send a thing once, so a step that sends is done once: an attempt
//! whose answer was lost is *unknown*, and what follows from that is the process's to decide.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::contacts::{Contact, Email, Language};
use wolo_domain::ids::{NoticeId, PotId, UserId};
use wolo_domain::notices::{Channel, Says, Withheld};

use crate::notice_delivery::NoticeInput;

pub struct Notices;

#[activity_definitions]
impl Notices {
    #[activity(name = "notices.prepare")]
    pub fn prepare(input: PrepareNotice) -> Result<Prepared, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "notices.send")]
    pub fn send(input: SendNotice) -> Result<Sending, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "notices.begin")]
    pub fn begin(input: NoticeInput) -> Result<(), ActivityError> {
        unimplemented!()
    }
    #[activity(name = "notices.end")]
    pub fn end(input: EndNotice) -> Result<(), ActivityError> {
        unimplemented!()
    }
}

pub use notices::{
    Begin as BeginNoticeStep, End as EndNoticeStep, Prepare as PrepareNoticeStep, Send as SendNoticeStep,
};

/// Who is to be told what about which event. Personal, but for the names.
#[derive(Clone, Serialize, Deserialize)]
pub struct Message {
    pub notice: NoticeId,
    pub event: String,
    /// Who it is for, in the word that events have for them.
    pub person: String,
    pub user: Option<UserId>,
    pub pot: Option<PotId>,
    /// It goes to this contact and nowhere else.
    pub to: Option<Contact>,
    /// Where it goes if that is a phone which cannot be reached.
    #[serde(default)]
    pub or_email: Option<Email>,
    /// For somebody who has not chosen a language.
    pub language: Language,
    pub says: Says,
}

impl Message {
    /// About an event, to somebody, with its name. Who they are to us and where it goes is for the caller to add.
    pub fn new(event: String, person: String, says: Says) -> Self {
        Self {
            notice: NoticeId::of(&event, &person),
            event,
            person,
            user: None,
            pot: None,
            to: None,
            or_email: None,
            language: Language::default(),
            says,
        }
    }

    /// The contacts that it is about, if it goes to no account.
    pub fn contacts(&self) -> Vec<Contact> {
        self.to.iter().cloned().chain(self.or_email.iter().cloned().map(Contact::Email)).collect()
    }
}

/// Writes the message down, and looks how the person can be reached.
#[derive(Clone, Serialize, Deserialize)]
pub struct PrepareNotice {
    pub message: Message,
    pub process: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The ways that there are, in the order in which the person wants them.
    pub ways: Vec<Channel>,
    /// The person does not want to hear of this.
    pub muted: bool,
    /// How many messages the person was sent today.
    pub today: u32,
}

/// Hands the message to a provider of a channel, once under its number.
#[derive(Clone, Serialize, Deserialize)]
pub struct SendNotice {
    pub message: Message,
    pub number: u32,
    pub channel: Channel,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Sending {
    /// The provider has taken it.
    Accepted,
    /// It does not go out this way.
    Refused { code: String },
    /// Nobody knows whether it went out.
    Unknown,
    /// The person cannot be reached this way any more, or has just said that they do not want it.
    NoWay,
}

/// Writes that the message goes out no more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndNotice {
    pub notice: NoticeId,
    pub why: NoticeEnd,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeEnd {
    Withheld(Withheld),
    /// Every way was tried in vain; the last reason.
    GivenUp(String),
}
