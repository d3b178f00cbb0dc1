//! Messages as they arrived.

use chrono::{DateTime, Utc};
use serde::Serialize;
use wolo_domain::notices::Channel;

/// How far a message has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A carrier has taken it.
    #[default]
    Accepted,
    Delivered,
    Read,
    /// Nobody has got it; it is shown so that one sees what was tried.
    Failed,
}

/// What a person can press below a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Button {
    /// Opens an address.
    Link { title: String, url: String },
    /// Answers with words, and with what the sender has put behind them.
    Reply { title: String, payload: String },
    /// Copies a text.
    Copy { title: String, text: String },
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    pub channel: Channel,
    /// Who carried it; what is answered goes the same way. Absent: nobody, and it cannot be answered.
    pub carrier: Option<&'static str>,
    /// A phone number in E.164, a mail address, or a device.
    pub to: String,
    /// The carrier's name for it. What comes again under the same name has arrived already.
    pub key: String,
    /// WOLO's name for it, if it gave one.
    pub reference: Option<String>,
    /// The name of the template that it was made from.
    pub template: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub buttons: Vec<Button>,
    pub state: State,
    /// Written by the person, and not to them.
    pub own: bool,
    pub arrived_at: DateTime<Utc>,
}

impl Message {
    /// Whether the person has got it from somebody.
    pub(super) fn has_arrived(&self) -> bool {
        !self.own && self.state != State::Failed
    }

    /// A message of nothing but words that arrives now.
    pub fn new(
        channel: Channel,
        to: impl Into<String>,
        key: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            channel,
            carrier: None,
            to: to.into(),
            key: key.into(),
            reference: None,
            template: None,
            subject: None,
            text: text.into(),
            html: None,
            buttons: Vec::new(),
            state: State::default(),
            own: false,
            arrived_at: Utc::now(),
        }
    }
}
