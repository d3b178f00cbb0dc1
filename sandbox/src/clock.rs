//! An emulator's clock: real time plus an offset that tests and the control API may move.
//!
//! Whatever ends or opens after a while does so on this clock (a page for paying, the day in which one may write freely).
//! Signatures do not: their window is always real time, because the other side reads its own wall clock.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_millis: AtomicI64,
}

impl Clock {
    pub(crate) fn ahead_by(millis: i64) -> Self {
        Self { offset_millis: AtomicI64::new(millis) }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let real = Utc::now();
        real.checked_add_signed(TimeDelta::milliseconds(self.offset_millis())).unwrap_or(real)
    }

    pub(crate) fn offset_millis(&self) -> i64 {
        self.offset_millis.load(Ordering::Relaxed)
    }

    /// Moves the clock; a move that would leave the calendar stops at its end.
    pub(crate) fn move_by(&self, millis: i64) {
        // A thousand years either way: chrono can represent it and nothing here needs more.
        const FARTHEST: i64 = 1_000 * 365 * 24 * 3_600 * 1_000;
        let moved = self.offset_millis().saturating_add(millis).clamp(-FARTHEST, FARTHEST);
        self.offset_millis.store(moved, Ordering::Relaxed);
    }
}
