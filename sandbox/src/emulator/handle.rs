//! The handle of a running emulator: start, look, bend, wait, stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio_util::sync::DropGuard;

use super::desk::locked;
use super::{Delivery, Desk, Error, Place, Provider, control};
use crate::faults::{FaultRule, WebhookFaultRule};
use crate::inbox::Carrier;
use crate::serving::{Port, Serving};

/// A running emulator. Dropping it stops it, without waiting.
#[derive(Debug)]
pub struct Emulator<P: Provider> {
    pub(crate) desk: Arc<Desk<P>>,
    serving: Serving,
    /// Ends what is still to be told when the handle is dropped.
    _guard: DropGuard,
}

impl<P: Provider> Emulator<P> {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime.
    pub(crate) async fn launch(
        provider: P,
        place: Place,
        calls: impl FnOnce(&Arc<Desk<P>>) -> Router<Arc<Desk<P>>>,
    ) -> Result<Self, Error> {
        let (who, port) = (P::NAME, place.port);
        let taken = Port::take(port).await.map_err(|source| Error::Listen { who, port, source })?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|source| Error::Client { who, source })?;
        let desk = Arc::new(Desk::new(provider, place, taken.url().to_owned(), client));
        let carrier: Arc<dyn Carrier> = Arc::clone(&desk) as _;
        desk.inbox.connect(&carrier);
        let router = calls(&desk).merge(control::routes()).with_state(Arc::clone(&desk));
        let guard = desk.stop.clone().drop_guard();
        Ok(Self { serving: taken.serve(router, who), desk, _guard: guard })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.desk.base_url
    }

    /// The emulator's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.desk.clock.now()
    }

    /// Moves the emulator's clock forward.
    pub fn move_clock(&self, forward: Duration) {
        self.desk.clock.move_by(i64::try_from(forward.as_millis()).unwrap_or(i64::MAX));
    }

    /// A copy of the whole book. To look at one thing, [`Self::look`] copies nothing.
    pub fn book(&self) -> P::Book {
        self.look(P::Book::clone)
    }

    /// Looks into the book without copying it.
    pub fn look<T>(&self, look: impl FnOnce(&P::Book) -> T) -> T {
        self.desk.read(look)
    }

    /// Waits until `look` finds its fact in the book; it is asked again after every change.
    pub async fn wait_for<T>(
        &self,
        look: impl FnMut(&P::Book) -> Option<T>,
        deadline: Duration,
    ) -> Result<T, Error> {
        wait_for(self.desk.watch(), look, deadline).await
    }

    /// How often `endpoint` was called, faults included.
    pub fn calls(&self, endpoint: P::Endpoint) -> u64 {
        self.desk.counts.borrow().get(&endpoint).copied().unwrap_or_default()
    }

    /// Waits until `endpoint` has been called `count` times in all, faults included.
    pub async fn wait_for_calls(
        &self,
        endpoint: P::Endpoint,
        count: u64,
        deadline: Duration,
    ) -> Result<(), Error> {
        let mut counts = self.desk.counts.subscribe();
        let enough = counts.wait_for(|counts| counts.get(&endpoint).is_some_and(|calls| *calls >= count));
        tokio::time::timeout(deadline, enough).await.map(|_| ()).map_err(|_| Error::Deadline(deadline))
    }

    /// Queues a fault on calls; the number removes it.
    pub fn fault(&self, rule: FaultRule<P::Endpoint>) -> u64 {
        self.desk.faults().add(rule)
    }

    /// Queues a fault on webhooks; the number removes it.
    pub fn webhook_fault(&self, rule: WebhookFaultRule) -> u64 {
        self.desk.faults().add_webhook(rule)
    }

    /// False when the rule is used up already.
    pub fn remove_fault(&self, number: u64) -> bool {
        self.desk.faults().remove(number)
    }

    pub fn clear_faults(&self) {
        self.desk.faults().clear();
    }

    /// Nobody is reached by this channel any more, or everybody again.
    pub fn switch(&self, off: bool) {
        Carrier::switch(&*self.desk, off);
    }

    /// Tells everything to `url` too.
    pub fn register_webhook(&self, url: &str) {
        self.desk.register(url);
    }

    /// What has been told, and how each telling went.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.desk.deliveries.borrow().clone()
    }

    /// Waits until what has been told is as wanted.
    pub async fn wait_for_deliveries(
        &self,
        mut wanted: impl FnMut(&[Delivery]) -> bool,
        deadline: Duration,
    ) -> Result<(), Error> {
        let mut deliveries = self.desk.deliveries.subscribe();
        let waiting = deliveries.wait_for(|all| wanted(all));
        tokio::time::timeout(deadline, waiting).await.map(|_| ()).map_err(|_| Error::Deadline(deadline))
    }

    /// Lets held, late and reordered letters go, and drops stalled replies.
    pub fn release(&self) {
        self.desk.gate.release();
    }

    /// Tries waiting letters again at once.
    pub fn retry_webhooks(&self) {
        self.desk.gate.hurry();
    }

    /// Stops listening, and lets running calls end.
    pub async fn shutdown(self) {
        let Self { desk, serving, _guard: stop } = self;
        drop(stop);
        serving.shutdown().await;
        desk.tasks.close();
        desk.tasks.wait().await;
    }
}

impl<P: Provider> Desk<P> {
    pub(super) fn register(&self, url: &str) {
        let mut addresses = locked(&self.addresses);
        if !addresses.iter().any(|known| known == url) {
            addresses.push(url.to_owned());
        }
    }
}

/// Waits until `look` finds its fact in a book; it is asked again after every change.
pub(crate) async fn wait_for<B, T>(
    mut book: watch::Receiver<B>,
    mut look: impl FnMut(&B) -> Option<T>,
    deadline: Duration,
) -> Result<T, Error> {
    let mut found = None;
    let looking = book.wait_for(|book| {
        found = look(book);
        found.is_some()
    });
    let in_time = tokio::time::timeout(deadline, looking).await.is_ok();
    found.filter(|_| in_time).ok_or(Error::Deadline(deadline))
}
