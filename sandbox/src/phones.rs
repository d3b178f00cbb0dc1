//! Phone numbers for people in tests.
//!
//! Numbers of chance are not for them: of a few hundred people two soon have the same, and emulators read the last two
//! digits as what becomes of whoever has them.

use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A Senegalese number that was given to nobody else in this process, and with which nothing odd happens.
#[must_use]
pub fn unused() -> String {
    unused_ending_with(1)
}

/// The same with these two digits at its end, for whoever wants something odd to happen.
#[must_use]
pub fn unused_ending_with(digits: u32) -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(number < 100_000 && digits < 100, "five digits count, two are chosen");
    format!("+22177{number:05}{digits:02}")
}
