//! What every part of the emulator shares: the book under its lock, the clock, the faults, and word of every change.
//!
//! The lock is held for one rule at a time and never across an await.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Options,
    book::{Book, Line, MovementKind, PayRefusal, PaymentError, PlantedLine, Session},
    checkout,
    errors::Error,
    faults::Endpoint,
    options::Charge,
    pages::Pages,
    webhooks,
};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::telling::Gate;

/// How stalled replies end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// The reply is sent after all.
    Answer,
    /// The connection drops.
    Drop,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) options: Options,
    pub(super) base_url: String,
    pub(super) book_file: Option<PathBuf>,
    pub(super) clock: Clock,
    pub(super) pages: Pages,
    pub(super) client: reqwest::Client,
    /// Deliveries being sent at once; more would only crowd the receiver.
    pub(super) sending: Semaphore,
    book: Mutex<Book>,
    faults: Mutex<Faults<Endpoint>>,
    /// Counts changes of the book.
    changes: watch::Sender<u64>,
    pub(super) stalled: watch::Sender<(u64, Release)>,
    pub(super) gate: Gate,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl World {
    pub(super) fn new(
        options: Options,
        base_url: String,
        book_file: Option<PathBuf>,
        (book, clock): (Book, Clock),
        client: reqwest::Client,
        pages: Pages,
    ) -> Arc<Self> {
        Arc::new(Self {
            options,
            base_url,
            book_file,
            clock,
            pages,
            client,
            sending: Semaphore::new(64),
            book: Mutex::new(book),
            faults: Mutex::default(),
            changes: watch::Sender::new(0),
            stalled: watch::Sender::new((0, Release::Drop)),
            gate: Gate::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        })
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the book, tells everyone who waits for a fact, and starts the deliveries the change made.
    pub(super) fn change<T>(self: &Arc<Self>, work: impl FnOnce(&mut Book) -> T) -> T {
        let (result, outgoing) = {
            let mut book = self.lock();
            let result = work(&mut book);
            (result, book.take_outgoing())
        };
        self.changes.send_modify(|count| *count += 1);
        for number in outgoing {
            self.tasks.spawn(webhooks::deliver(Arc::clone(self), number));
        }
        result
    }

    /// Wakes after every change of the book.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults<Endpoint>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // A panic inside a rule is a bug that its own request reports; the book stays readable for the others.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `look` finds its fact in the book.
    pub(super) async fn wait_for<T>(
        &self,
        mut look: impl FnMut(&Book) -> Option<T>,
        deadline: Duration,
    ) -> Result<T, Error> {
        let mut changes = self.changes.subscribe();
        let found = async {
            loop {
                // Marked as seen before looking, so that a change during the look wakes us again.
                changes.borrow_and_update();
                if let Some(fact) = self.read(&mut look) {
                    return Some(fact);
                }
                if changes.changed().await.is_err() {
                    return None;
                }
            }
        };
        tokio::time::timeout(deadline, found).await.ok().flatten().ok_or(Error::Deadline(deadline))
    }

    /// The payer presses *Pay*. Without a number the session's own wallet pays, or the default payer.
    pub(super) fn pay(self: &Arc<Self>, id: &str, mobile: Option<&str>) -> Result<Session, PayRefusal> {
        let now = self.now();
        self.change(|book| {
            let session = book.session(id).ok_or(PayRefusal::Unknown)?;
            let fee = (self.options.fees)(Charge::Checkout, session.amount);
            let payer = mobile
                .or(session.restrict_payer_mobile.as_deref())
                .unwrap_or(&self.options.default_payer)
                .to_owned();
            let outcome = book.pay_session(id, &payer, fee, now).cloned();
            match &outcome {
                Ok(session) => {
                    let data = self.session_view(session, now);
                    book.announce("checkout.session.completed", &data, now);
                }
                Err(PayRefusal::OtherPayer) => self.announce_failure(book, id, now),
                Err(_) => {}
            }
            outcome
        })
    }

    /// The payer's attempt fails; the session stays open.
    pub(super) fn fail(self: &Arc<Self>, id: &str, code: Option<&str>) -> Result<Session, PayRefusal> {
        let now = self.now();
        let code = code.filter(|code| !code.is_empty()).unwrap_or("insufficient-funds");
        let error = PaymentError { code: code.to_owned(), message: "The payment did not go through.".into() };
        self.change(|book| {
            let session = book.fail_session(id, error, now)?.clone();
            self.announce_failure(book, id, now);
            Ok(session)
        })
    }

    fn announce_failure(&self, book: &mut Book, id: &str, now: DateTime<Utc>) {
        if let Some(data) = book.session(id).map(|session| self.session_view(session, now)) {
            book.announce("checkout.session.payment_failed", &data, now);
        }
    }

    pub(super) fn session_view(&self, session: &Session, now: DateTime<Utc>) -> Value {
        checkout::view(session, &self.options.business_name, &self.base_url, now)
    }
}

/// What the control API and the handle both offer.
impl World {
    /// A customer pays in the shop: a line and a webhook. Answers the transaction id.
    pub(super) fn receive_payment(self: &Arc<Self>, francs: i64, mobile: &str) -> String {
        let now = self.now();
        let fee = (self.options.fees)(Charge::MerchantPayment, francs);
        let mut line = Line::new(MovementKind::MerchantPayment, francs - fee, fee);
        line.counterparty_mobile = Some(mobile.to_owned());
        self.change(|book| {
            let id = book.record(line, now);
            let data = json!({
                "id": id,
                "amount": francs.to_string(),
                "fee": fee.to_string(),
                "currency": "XOF",
                "sender_mobile": mobile,
                "merchant_name": self.options.business_name,
                "custom_fields": {},
                "when_created": checkout::timestamp(now),
            });
            book.announce("merchant.payment_received", &data, now);
            id
        })
    }

    /// Lines that appear without the API. Answers their transaction ids.
    pub(super) fn plant_lines(self: &Arc<Self>, lines: Vec<PlantedLine>) -> Vec<String> {
        let now = self.now();
        self.change(|book| {
            let plant = |line: PlantedLine| {
                let when = line.when.unwrap_or(now);
                book.record(Line::planted(line), when)
            };
            lines.into_iter().map(plant).collect()
        })
    }

    /// The portal's test button. Answers the event id.
    pub(super) fn send_test_event(self: &Arc<Self>) -> String {
        let now = self.now();
        self.change(|book| book.announce("test.test_event", &json!({ "test_key": "test_value" }), now))
    }

    pub(super) fn move_clock(self: &Arc<Self>, millis: i64) {
        self.clock.move_by(millis);
        // Nothing in the book changed, but what a waiting look makes of it may have.
        self.change(|_| ());
    }

    pub(super) fn release_stalled(&self, how: Release) {
        self.stalled.send_modify(|(count, last)| {
            *count += 1;
            *last = how;
        });
    }
}
