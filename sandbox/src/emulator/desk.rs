//! What all parts of one emulator share: the book under its lock, the clock, the faults, and word of every change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Delivery, Place, Provider};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::inbox::{Carrier, Channel, Said, Slot};
use crate::telling::Gate;

/// Where an emulator's work is done.
#[derive(Debug)]
pub struct Desk<P: Provider> {
    pub(crate) provider: P,
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) inbox: Slot,
    pub(super) place: Place,
    book: watch::Sender<P::Book>,
    pub(super) counts: watch::Sender<BTreeMap<P::Endpoint, u64>>,
    faults: Mutex<Faults<P::Endpoint>>,
    off: AtomicBool,
    /// Webhooks that were registered.
    pub(super) addresses: Mutex<Vec<String>>,
    /// Events that wait for others, by kind.
    pub(super) gathered: Mutex<BTreeMap<&'static str, Vec<Value>>>,
    pub(super) deliveries: watch::Sender<Vec<Delivery>>,
    pub(super) gate: Gate,
    pub(crate) client: reqwest::Client,
    /// Letters being sent at once; more would only crowd the receiver.
    pub(super) sending: Semaphore,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl<P: Provider> Desk<P> {
    pub(super) fn new(provider: P, place: Place, base_url: String, client: reqwest::Client) -> Self {
        Self {
            provider,
            base_url,
            clock: Clock::default(),
            inbox: place.inbox.clone(),
            place,
            book: watch::Sender::default(),
            counts: watch::Sender::default(),
            faults: Mutex::default(),
            off: AtomicBool::default(),
            addresses: Mutex::default(),
            gathered: Mutex::default(),
            deliveries: watch::Sender::default(),
            gate: Gate::default(),
            client,
            sending: Semaphore::new(64),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&P::Book) -> T) -> T {
        look(&self.book.borrow())
    }

    /// Changes the book, and tells everyone who waits for a fact.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&mut P::Book) -> T) -> T {
        let mut result = None;
        self.book.send_modify(|book| result = Some(work(book)));
        result.expect("a change is made at once")
    }

    pub(super) fn watch(&self) -> watch::Receiver<P::Book> {
        self.book.subscribe()
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults<P::Endpoint>> {
        locked(&self.faults)
    }

    /// Whether nobody is reached by this channel at all.
    pub(crate) fn is_off(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }

    /// Does something beside the call that asks for it, unless the emulator stops first.
    pub(crate) fn later(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move { stop.run_until_cancelled_owned(work).await });
    }
}

impl<P: Provider> Carrier for Desk<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn channel(&self) -> Channel {
        P::CHANNEL
    }

    fn hears(&self) -> bool {
        P::HEARS
    }

    fn is_off(&self) -> bool {
        Desk::is_off(self)
    }

    fn switch(&self, off: bool) {
        self.off.store(off, Ordering::Relaxed);
    }

    fn hear(self: Arc<Self>, said: &Said) {
        P::hear(&self, said);
    }
}

/// Nothing is changed halfway under these locks, so a panic elsewhere has not left half of anything.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
