//! The emulator's own exact book: balance, sessions, payouts, statement, events, deliveries.
//!
//! Pure state and rules: no HTTP, no clock of its own, no fault. It exists so that a test can compare what WOLO believes
//! with what really happened. Lines are only ever added, every change of the balance is a line, and everything the API
//! looks up by id, reference or day has an index, so that a request costs the same with ten gifts or a hundred thousand.

mod payouts;
mod records;
mod sessions;
mod telling;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::telling::DeliveryState;

pub(super) use payouts::{Course, PayoutRefusal, ReversalRefusal, SHORT, magic_refusal};
pub use records::*;
pub(super) use sessions::{NewSession, PayRefusal, RefundRefusal};

/// The book; amounts are whole francs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    opening: i64,
    balance: i64,
    reserved: i64,
    sessions: Vec<Session>,
    payouts: Vec<Payout>,
    batches: Vec<Batch>,
    movements: Vec<Movement>,
    events: Vec<Event>,
    deliveries: Vec<Delivery>,
    endpoints: Vec<WebhookEndpoint>,
    idempotency_keys: HashMap<String, KeptAnswer>,
    people: HashMap<String, Person>,
    checks: HashMap<String, Checks>,
    access: Access,
    traffic: Traffic,
    #[serde(skip)]
    index: Index,
    /// Deliveries made under the lock and not started yet.
    #[serde(skip)]
    outgoing: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
struct Index {
    session: HashMap<String, usize>,
    session_by_reference: HashMap<String, Vec<usize>>,
    session_by_transaction: HashMap<String, usize>,
    payout: HashMap<String, usize>,
    payout_by_reference: HashMap<String, Vec<usize>>,
    batch: HashMap<String, usize>,
    movement_by_transaction: HashMap<String, usize>,
    movements_by_day: BTreeMap<NaiveDate, Vec<usize>>,
    event: HashMap<String, usize>,
    delivered_by_url: HashMap<String, u64>,
}

/// What a new statement line says, before it has a number and a running balance.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) kind: MovementKind,
    pub(super) amount: i64,
    pub(super) fee: i64,
    pub(super) is_reversal: bool,
    pub(super) counterparty_name: Option<String>,
    pub(super) counterparty_mobile: Option<String>,
    pub(super) client_reference: Option<String>,
    pub(super) payment_reason: Option<String>,
    pub(super) checkout_session_id: Option<String>,
    pub(super) payout_id: Option<String>,
    pub(super) batch_id: Option<String>,
    pub(super) odd: Map<String, Value>,
}

impl Line {
    pub(super) fn new(kind: MovementKind, amount: i64, fee: i64) -> Self {
        Self {
            kind,
            amount,
            fee,
            is_reversal: false,
            counterparty_name: None,
            counterparty_mobile: None,
            client_reference: None,
            payment_reason: None,
            checkout_session_id: None,
            payout_id: None,
            batch_id: None,
            odd: Map::new(),
        }
    }

    pub(super) fn planted(line: PlantedLine) -> Self {
        Self {
            is_reversal: line.is_reversal,
            client_reference: line.client_reference,
            checkout_session_id: line.checkout_session_id,
            odd: line.odd,
            ..Self::new(line.kind, line.amount, line.fee)
        }
    }

    /// The line that undoes `movement`, fee included.
    fn undoing(movement: &Movement, kind: MovementKind) -> Self {
        Self {
            kind,
            amount: -movement.amount,
            fee: -movement.fee,
            is_reversal: true,
            counterparty_name: movement.counterparty_name.clone(),
            counterparty_mobile: movement.counterparty_mobile.clone(),
            client_reference: movement.client_reference.clone(),
            payment_reason: movement.payment_reason.clone(),
            checkout_session_id: movement.checkout_session_id.clone(),
            payout_id: movement.payout_id.clone(),
            batch_id: movement.batch_id.clone(),
            odd: Map::new(),
        }
    }
}

impl Book {
    pub(super) fn new(opening: i64) -> Self {
        Self { opening, balance: opening, ..Self::default() }
    }

    /// What the wallet held before the first line.
    pub fn opening(&self) -> i64 {
        self.opening
    }

    /// What the wallet holds now.
    pub fn balance(&self) -> i64 {
        self.balance
    }

    /// What may still be spent: the balance less the payouts that are processing.
    pub fn available(&self) -> i64 {
        self.balance - self.reserved
    }

    /// Every session, oldest first.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// Every payout, oldest first.
    pub fn payouts(&self) -> &[Payout] {
        &self.payouts
    }

    /// The whole statement, oldest first.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// Every event, oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Every delivery, oldest first.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// Where webhooks go.
    pub fn endpoints(&self) -> &[WebhookEndpoint] {
        &self.endpoints
    }

    /// The key and the wallet as Wave sees them.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Who called what.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    pub fn session(&self, id: &str) -> Option<&Session> {
        self.index.session.get(id).map(|&at| &self.sessions[at])
    }

    pub fn session_of_transaction(&self, transaction_id: &str) -> Option<&Session> {
        self.index.session_by_transaction.get(transaction_id).map(|&at| &self.sessions[at])
    }

    /// Sessions made for a `client_reference`, oldest first.
    pub fn sessions_for(&self, client_reference: &str) -> impl Iterator<Item = &Session> {
        let found = self.index.session_by_reference.get(client_reference);
        found.into_iter().flatten().map(|&at| &self.sessions[at])
    }

    pub fn payout(&self, id: &str) -> Option<&Payout> {
        self.index.payout.get(id).map(|&at| &self.payouts[at])
    }

    /// Payouts made for a `client_reference`, oldest first.
    pub fn payouts_for(&self, client_reference: &str) -> impl Iterator<Item = &Payout> {
        let found = self.index.payout_by_reference.get(client_reference);
        found.into_iter().flatten().map(|&at| &self.payouts[at])
    }

    pub fn movement(&self, transaction_id: &str) -> Option<&Movement> {
        self.index.movement_by_transaction.get(transaction_id).map(|&at| &self.movements[at])
    }

    /// How many lines a day has, and those from position `from` on, oldest first.
    pub(super) fn day(&self, day: NaiveDate, from: usize) -> (usize, impl Iterator<Item = &Movement>) {
        let lines = self.index.movements_by_day.get(&day).map_or(&[][..], Vec::as_slice);
        let rest = lines.get(from..).unwrap_or_default();
        (lines.len(), rest.iter().map(|&at| &self.movements[at]))
    }

    pub(super) fn record(&mut self, line: Line, now: DateTime<Utc>) -> String {
        self.balance += line.amount;
        let movement = Movement {
            transaction_id: new_id("T").to_uppercase(),
            kind: line.kind,
            when: now,
            amount: line.amount,
            fee: line.fee,
            balance: self.balance,
            is_reversal: line.is_reversal,
            counterparty_name: line.counterparty_name,
            counterparty_mobile: line.counterparty_mobile,
            client_reference: line.client_reference,
            payment_reason: line.payment_reason,
            checkout_session_id: line.checkout_session_id,
            payout_id: line.payout_id,
            batch_id: line.batch_id,
            reversed_by: None,
            odd: line.odd,
        };
        let id = movement.transaction_id.clone();
        self.movements.push(movement);
        self.index_movement(self.movements.len() - 1);
        id
    }

    pub(super) fn kept_answer(&self, key: &str) -> Option<&KeptAnswer> {
        self.idempotency_keys.get(key)
    }

    pub(super) fn keep_answer(&mut self, key: String, answer: KeptAnswer) {
        self.idempotency_keys.insert(key, answer);
    }

    pub(super) fn forget_idempotency_keys(&mut self) {
        self.idempotency_keys.clear();
    }

    pub(super) fn forget_idempotency_key(&mut self, key: &str) {
        self.idempotency_keys.remove(key);
    }

    pub(super) fn set_access(&mut self, access: Access) {
        self.access = access;
    }

    pub(super) fn know_person(&mut self, mobile: String, person: Person) {
        self.people.insert(mobile, person);
    }

    pub(super) fn person(&self, mobile: &str) -> Option<&Person> {
        self.people.get(mobile)
    }

    /// Counts a recipient check; false when the phone is blocked.
    pub(super) fn allow_check(&mut self, mobile: &str, now: DateTime<Utc>) -> bool {
        let fresh = Checks { window_start: now, ..Checks::default() };
        self.checks.entry(mobile.to_owned()).or_insert(fresh).allow(now)
    }

    pub(super) fn count_call(&mut self, endpoint: &str) {
        // Only an endpoint's first call needs a name of its own.
        match self.traffic.calls.get_mut(endpoint) {
            Some(count) => *count += 1,
            None => drop(self.traffic.calls.insert(endpoint.to_owned(), 1)),
        }
    }

    pub(super) fn traffic_mut(&mut self) -> &mut Traffic {
        &mut self.traffic
    }

    /// Rebuilds what a saved book leaves out.
    pub(super) fn reindex(&mut self) {
        self.index = Index::default();
        self.traffic.stalled = 0;
        for at in 0..self.sessions.len() {
            self.index_session(at);
        }
        for at in 0..self.payouts.len() {
            self.index_payout(at);
        }
        for (at, batch) in self.batches.iter().enumerate() {
            self.index.batch.insert(batch.id.clone(), at);
        }
        for at in 0..self.movements.len() {
            self.index_movement(at);
        }
        for (at, event) in self.events.iter().enumerate() {
            self.index.event.insert(event.id.clone(), at);
        }
        for delivery in &self.deliveries {
            if delivery.state == DeliveryState::Delivered {
                *self.index.delivered_by_url.entry(delivery.url.clone()).or_default() += 1;
            }
        }
    }

    fn index_session(&mut self, at: usize) {
        let session = &self.sessions[at];
        self.index.session.insert(session.id.clone(), at);
        if let Some(reference) = &session.client_reference {
            self.index.session_by_reference.entry(reference.clone()).or_default().push(at);
        }
        if let Some(transaction) = &session.transaction_id {
            self.index.session_by_transaction.insert(transaction.clone(), at);
        }
    }

    fn index_payout(&mut self, at: usize) {
        let payout = &self.payouts[at];
        self.index.payout.insert(payout.id.clone(), at);
        if let Some(reference) = &payout.order.client_reference {
            self.index.payout_by_reference.entry(reference.clone()).or_default().push(at);
        }
    }

    fn index_movement(&mut self, at: usize) {
        let movement = &self.movements[at];
        self.index.movement_by_transaction.insert(movement.transaction_id.clone(), at);
        self.index.movements_by_day.entry(movement.when.date_naive()).or_default().push(at);
    }
}

/// A random id: the prefix and 13 characters of base 36. Random rather than counted, because a database that outlives
/// this book would meet a counted id twice.
pub(super) fn new_id(prefix: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest: u64 = rand::random();
    let mut id = String::with_capacity(prefix.len() + 13);
    id.push_str(prefix);
    for _ in 0..13 {
        let digit = usize::try_from(rest % 36).unwrap_or_default();
        id.push(char::from(DIGITS[digit]));
        rest /= 36;
    }
    id
}
