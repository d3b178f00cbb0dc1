//! What all conversations share: the book, the faults, and where a mail goes that was taken.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use mail_parser::MessageParser;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Book, Options, Received, Step};
use crate::faults::Faults;
use crate::inbox::{Carrier, Channel, Message, Said, State, one_click};

pub(super) const NAME: &str = "SMTP";

/// Clients that are spoken with at once.
const MOST_CLIENTS: usize = 100;

#[derive(Debug)]
pub(super) struct Office {
    pub(super) options: Options,
    pub(super) book: watch::Sender<Book>,
    pub(super) clients: Semaphore,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    faults: Mutex<Faults<Step>>,
    off: AtomicBool,
    /// For the buttons below mails.
    client: reqwest::Client,
}

/// Why nobody is reached at an address, as it is said.
pub(super) type Words = &'static str;

impl Office {
    pub(super) fn new(options: Options, client: reqwest::Client) -> Self {
        Self {
            options,
            book: watch::Sender::default(),
            clients: Semaphore::new(MOST_CLIENTS),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            faults: Mutex::default(),
            off: AtomicBool::default(),
            client,
        }
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults<Step>> {
        // Nothing is changed halfway under this lock, so a panic elsewhere has not left half of anything.
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody is reached at this address.
    pub(super) fn admits(&self, address: &str) -> Result<(), Words> {
        match address.split(['@', '+']).next().unwrap_or_default() {
            "bounce" => Err("550 5.1.1 No such user here"),
            "full" => Err("552 5.2.2 Mailbox full"),
            "block" => Err("554 5.7.1 Not wanted here"),
            "defer" if self.is_first_try(address) => Err("451 4.7.1 Come back later"),
            _ if self.off.load(Ordering::Relaxed) => Err("552 5.2.2 Mailbox full"),
            _ => Ok(()),
        }
    }

    fn is_first_try(&self, address: &str) -> bool {
        let mut is_first = false;
        self.book.send_modify(|book| is_first = book.deferred.insert(address.to_owned()));
        is_first
    }

    /// Reads a mail, writes it down, and puts it where its readers find it.
    pub(super) fn take(&self, from: String, to: Vec<String>, bytes: &[u8]) -> Result<(), Words> {
        let parsed = MessageParser::default().parse(bytes).ok_or("554 5.6.0 This is no mail")?;
        let is_html = parsed.html_part(0).is_some_and(mail_parser::MessagePart::is_text_html);
        let mail = Received {
            id: parsed.message_id().map(str::to_owned),
            from,
            to,
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed.body_text(0).unwrap_or_default().into_owned(),
            html: parsed.body_html(0).filter(|_| is_html).map(std::borrow::Cow::into_owned),
            raw: String::from_utf8_lossy(bytes).into_owned(),
            at: Utc::now(),
        };
        let header = |wanted: &str| {
            let mut headers = parsed.headers_raw();
            headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
        };
        let buttons: Vec<_> = one_click::button(header).into_iter().collect();
        let mut number = 0;
        self.book.send_modify(|book| {
            number = book.mails.len();
            book.mails.push(mail.clone());
        });
        for to in &mail.to {
            self.options.inbox.deliver(Message {
                carrier: Some(NAME),
                reference: mail.id.clone(),
                subject: Some(mail.subject.clone()),
                html: mail.html.clone(),
                buttons: buttons.clone(),
                state: State::Delivered,
                ..Message::new(Channel::Email, to, format!("smtp.{number}.{to}"), &mail.text)
            });
        }
        Ok(())
    }
}

impl Carrier for Office {
    fn name(&self) -> &'static str {
        NAME
    }

    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn hears(&self) -> bool {
        false
    }

    fn is_off(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }

    fn switch(&self, off: bool) {
        self.off.store(off, Ordering::Relaxed);
    }

    fn hear(self: Arc<Self>, said: &Said) {
        if let Some(place) = said.payload.clone() {
            let pressing = one_click::press(self.client.clone(), place);
            self.tasks.spawn(self.stop.clone().run_until_cancelled_owned(pressing));
        }
    }
}
