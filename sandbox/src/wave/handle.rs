//! The handle of a running emulator: start, look, bend, wait, stop.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::DropGuard;

use super::{
    archive,
    book::{
        Access, Book, MovementKind, PayRefusal, Payout, Person, PlantedLine, Session, Strategy,
        WebhookEndpoint,
    },
    errors::Error,
    faults::{Endpoint, FaultRule},
    options::Options,
    pages::Pages,
    router,
    world::{Release, World},
};
use crate::clock::Clock;
use crate::faults::WebhookFaultRule;
use crate::line::{Line, Lines};

/// How long open connections may take to end at shutdown.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running emulator. Dropping it stops it too, without waiting and without the last save.
#[derive(Debug)]
pub struct Wave {
    world: Arc<World>,
    server: JoinHandle<()>,
    /// Stops the tasks when the handle is dropped.
    _guard: DropGuard,
}

impl Wave {
    /// Binds 127.0.0.1 and serves on tasks of the caller's runtime. With a data folder, the kept book is taken up again
    /// and its unfinished deliveries go on.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let port = options.port;
        let refused = |source| Error::Listen { port, source };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let base_url = match &options.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        };
        let book_file = options.data_folder.as_deref().map(archive::file);
        let kept = match &book_file {
            Some(path) => archive::load(path).await?,
            None => None,
        };
        let fresh = || (Book::new(options.opening_balance), Clock::default());
        let (book, clock) = kept.unwrap_or_else(fresh);
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(Error::Client)?;
        let world = World::new(options, base_url, book_file, (book, clock), client, Pages::new()?);
        let endpoints = world.options.webhooks.clone();
        world.change(|book| {
            for endpoint in endpoints {
                book.set_endpoint(endpoint);
            }
            book.resume_deliveries();
        });
        if let Some(path) = world.book_file.clone() {
            world.tasks.spawn(archive::keep(Arc::clone(&world), path));
        }
        let service = router(Arc::clone(&world)).into_make_service_with_connect_info::<Line>();
        let stopping = world.stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            let serving = axum::serve(Lines(listener), service).with_graceful_shutdown(stopping);
            if let Err(error) = serving.await {
                tracing::error!(%error, "the Wave emulator stopped serving");
            }
        });
        let guard = world.stop.clone().drop_guard();
        Ok(Self { world, server, _guard: guard })
    }

    /// Stops listening, drops stalled replies, lets running calls end, and writes the last word into a kept book.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        self.world.stop.cancel();
        if tokio::time::timeout(PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        self.world.tasks.close();
        self.world.tasks.wait().await;
        match &self.world.book_file {
            Some(path) => archive::save(&self.world, path).await,
            None => Ok(()),
        }
    }

    /// `http://127.0.0.1:<port>`, or the public address of the options; without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.world.base_url
    }

    pub fn api_key(&self) -> &str {
        &self.world.options.api_key
    }

    /// The secret that signs API calls.
    pub fn signing_secret(&self) -> &str {
        &self.world.options.signing_secret
    }

    /// The secret of endpoints registered without one of their own.
    pub fn webhook_secret(&self) -> &str {
        &self.world.options.webhook_secret
    }

    /// The emulator's time.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.world.now()
    }

    /// Moves the emulator's clock forward. The control API can move it back as well.
    pub fn move_clock(&self, forward: Duration) {
        self.world.move_clock(i64::try_from(forward.as_millis()).unwrap_or(i64::MAX));
    }

    /// A copy of the whole book. To look at one thing, [`Self::look`] copies nothing.
    pub fn book(&self) -> Book {
        self.world.read(Book::clone)
    }

    /// Looks into the book without copying it.
    pub fn look<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        self.world.read(look)
    }

    /// Waits until `look` finds its fact in the book; it is asked again after every change.
    pub async fn wait_for<T>(
        &self,
        look: impl FnMut(&Book) -> Option<T>,
        deadline: Duration,
    ) -> Result<T, Error> {
        self.world.wait_for(look, deadline).await
    }

    /// Waits until `endpoint` has been called `count` times in all, faults included.
    pub async fn wait_for_calls(
        &self,
        endpoint: Endpoint,
        count: u64,
        deadline: Duration,
    ) -> Result<(), Error> {
        let enough = |book: &Book| (calls(book, endpoint) >= count).then_some(());
        self.world.wait_for(enough, deadline).await
    }

    /// Waits until `count` replies are stalled at once.
    pub async fn wait_for_stalled(&self, count: u32, deadline: Duration) -> Result<(), Error> {
        self.world.wait_for(|book| (book.traffic().stalled >= count).then_some(()), deadline).await
    }

    /// How often `endpoint` was called, faults included.
    pub fn calls(&self, endpoint: Endpoint) -> u64 {
        self.world.read(|book| calls(book, endpoint))
    }

    /// Payouts of a reference for which money left, taken back later or not.
    pub fn executed_payouts(&self, client_reference: &str) -> Vec<Payout> {
        self.world
            .read(|book| book.payouts_for(client_reference).filter(|one| one.executed()).cloned().collect())
    }

    /// Queues a fault on API calls; the number removes it.
    pub fn fault(&self, rule: FaultRule) -> u64 {
        self.world.faults().add(rule)
    }

    /// Queues a fault on webhooks; the number removes it.
    pub fn webhook_fault(&self, rule: WebhookFaultRule) -> u64 {
        self.world.faults().add_webhook(rule)
    }

    /// False when the rule is used up already.
    pub fn remove_fault(&self, number: u64) -> bool {
        self.world.faults().remove(number)
    }

    pub fn clear_faults(&self) {
        self.world.faults().clear();
    }

    /// Ends every stalled reply.
    pub fn release_stalled(&self, how: Release) {
        self.world.release_stalled(how);
    }

    /// Lets held, late and reordered webhooks go.
    pub fn release_webhooks(&self) {
        self.world.gate.release();
    }

    /// Tries waiting webhooks again at once.
    pub fn retry_webhooks(&self) {
        self.world.gate.hurry();
    }

    /// Sends every event to `url`, signed with the default webhook secret.
    pub fn register_webhook(&self, url: &str) {
        self.register_endpoint(WebhookEndpoint {
            url: url.to_owned(),
            secrets: vec![self.webhook_secret().to_owned()],
            strategy: Strategy::Signing,
            events: Vec::new(),
        });
    }

    /// Registers an endpoint, or replaces the one with the same address (that is how a secret is rotated).
    pub fn register_endpoint(&self, endpoint: WebhookEndpoint) {
        self.world.change(|book| book.set_endpoint(endpoint));
    }

    /// False when there was none.
    pub fn remove_webhook(&self, url: &str) -> bool {
        self.world.change(|book| book.remove_endpoint(url))
    }

    /// Delivers an event again, without faults.
    pub fn deliver_again(&self, event_id: &str) -> Result<(), Error> {
        let known = self.world.change(|book| book.announce_again(event_id));
        known.then_some(()).ok_or_else(|| Error::Unknown { what: "event", id: event_id.to_owned() })
    }

    /// The portal's test button. Answers the event id.
    pub fn send_test_event(&self) -> String {
        self.world.send_test_event()
    }

    /// The payer pays; without a number, the session's own wallet or the default payer.
    pub fn pay(&self, session_id: &str, mobile: Option<&str>) -> Result<Session, Error> {
        self.world.pay(session_id, mobile).map_err(|refusal| payment_error(refusal, session_id))
    }

    /// The payer's attempt fails; the session stays open. Without a code: `insufficient-funds`.
    pub fn fail_payment(&self, session_id: &str, code: Option<&str>) -> Result<Session, Error> {
        self.world.fail(session_id, code).map_err(|refusal| payment_error(refusal, session_id))
    }

    /// Ends a payout left processing: it succeeds, or fails with an error code.
    pub fn settle_payout(&self, payout_id: &str, error: Option<&str>) -> Result<(), Error> {
        if self.world.read(|book| book.payout(payout_id).is_none()) {
            return Err(Error::Unknown { what: "payout", id: payout_id.to_owned() });
        }
        let now = self.world.now();
        let settled = self.world.change(|book| book.settle_payout(payout_id, error, now));
        settled.then_some(()).ok_or(Error::Refused("the payout is not processing"))
    }

    /// A customer pays `francs` in the shop. Answers the transaction id.
    pub fn receive_payment(&self, francs: i64, mobile: &str) -> String {
        self.world.receive_payment(francs, mobile)
    }

    /// A statement line made by hand; `amount` in francs as it changes the wallet. Answers the transaction id.
    pub fn write_line(
        &self,
        kind: MovementKind,
        amount: i64,
        fee: i64,
        client_reference: Option<String>,
    ) -> String {
        let line = PlantedLine { client_reference, ..PlantedLine::new(kind, amount, fee) };
        self.world.plant_lines(vec![line]).pop().unwrap_or_default()
    }

    /// Statement lines made by hand, strange or not. Answers their transaction ids.
    pub fn plant_lines(&self, lines: Vec<PlantedLine>) -> Vec<String> {
        self.world.plant_lines(lines)
    }

    /// Forgets every idempotency key, as a provider may after a while.
    pub fn forget_idempotency_keys(&self) {
        self.world.change(Book::forget_idempotency_keys);
    }

    /// Forgets one idempotency key.
    pub fn forget_idempotency_key(&self, key: &str) {
        self.world.change(|book| book.forget_idempotency_key(key));
    }

    /// Revokes the key, disables the wallet, limits the callers' addresses.
    pub fn set_access(&self, access: Access) {
        self.world.change(|book| book.set_access(access));
    }

    /// Whom a recipient check finds behind a number. Unknown numbers match whatever is asked.
    pub fn know_person(&self, mobile: &str, person: Person) {
        self.world.change(|book| book.know_person(mobile.to_owned(), person));
    }
}

fn calls(book: &Book, endpoint: Endpoint) -> u64 {
    book.traffic().calls.get(endpoint.name()).copied().unwrap_or_default()
}

fn payment_error(refusal: PayRefusal, session_id: &str) -> Error {
    match refusal {
        PayRefusal::Unknown => Error::Unknown { what: "session", id: session_id.to_owned() },
        refusal => Error::Refused(refusal.reason()),
    }
}
