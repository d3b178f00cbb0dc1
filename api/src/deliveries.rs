//! One delivery of an event at a time, within this process.
//!
//! Correctness does not hang on it: the inbox and the engine each count an event once. It keeps a storm of copies
//! from being a storm of questions to both, because a copy of what has just been dealt with is answered from memory.

use std::hash::{BuildHasher, RandomState};

use tokio::sync::{Mutex, MutexGuard};

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
