//! How long one waits for something before it counts as stuck.
//!
//! As long as everything happens to everybody at any time, nothing has a right to be done by a moment; it has to come to its end
//! when there is calm again. So patience is counted in calm alone. There is one stage at a time in this process, and one weather.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static STORMY: AtomicBool = AtomicBool::new(false);
static CALM_SINCE: Mutex<Option<Instant>> = Mutex::new(None);

/// From now on nobody's patience ends.
pub fn storm_begins() {
    STORMY.store(true, Ordering::Release);
}

/// From now on it counts.
pub fn storm_ends() {
    if let Ok(mut calm) = CALM_SINCE.lock() {
        *calm = Some(Instant::now());
    }
    STORMY.store(false, Ordering::Release);
}

/// Somebody's, from when they began to wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    since: Instant,
}

impl Patience {
    pub fn begins() -> Self {
        Self { since: Instant::now() }
    }

    pub fn is_over(&self, after: Duration) -> bool {
        let calm = CALM_SINCE.lock().ok().and_then(|calm| *calm);
        let since = calm.map_or(self.since, |calm| calm.max(self.since));
        !STORMY.load(Ordering::Acquire) && since.elapsed() > after
    }
}
