//! What others deliver to us: what of it can be taken, and one delivery at a time, within this process.
//!
//! Correctness does not hang on the turns: the inbox and the engine each count an event once. It keeps a storm of copies
//! from being a storm of questions to both, because a copy of what has just been dealt with is answered from memory.

use std::hash::{BuildHasher, RandomState};

use axum::http::HeaderMap;
use tokio::sync::{Mutex, MutexGuard};
use wolo_database::webhooks::{self, Webhook};

use crate::problem::{Code, Problem};
use crate::state::App;

const LANES: usize = 256;

/// An event that was dealt with: its id and a hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dealt {
    pub(crate) event: String,
    pub(crate) digest: Vec<u8>,
}

pub(crate) struct Deliveries {
    lanes: Vec<Mutex<Option<Dealt>>>,
    hasher: RandomState,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { lanes: (0..LANES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl Deliveries {
    /// Waits for the event's turn. What the lane remembers is the last event in it, which may be another one.
    pub(crate) async fn turn(&self, event: &str) -> MutexGuard<'_, Option<Dealt>> {
        let lanes = u64::try_from(self.lanes.len()).unwrap_or(1);
        let lane = usize::try_from(self.hasher.hash_one(event) % lanes).unwrap_or(0);
        self.lanes[lane].lock().await
    }
}

/// The value of a header that is there once.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut given = headers.get_all(name).iter();
    match (given.next(), given.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    }
}

/// What is genuine and cannot be read is our mistake until shown otherwise: its bytes are kept, and its sender comes again.
pub(crate) async fn keep_unreadable(
    app: &App,
    provider: &str,
    event: &str,
    body: &[u8],
) -> Result<Problem, Problem> {
    tracing::error!(provider, event, "a genuine event cannot be read");
    let webhook = Webhook { provider, event_id: event, kind: "unreadable", subject: None, raw: body };
    webhooks::receive(&app.pool, webhook).await?;
    Ok(Problem::new(Code::EventUnreadable))
}
