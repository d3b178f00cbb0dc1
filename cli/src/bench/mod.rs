//! How fast, how large and how quick to start: measured on this machine, with the machine's own figures.
//!
//! Everything measured runs in a process of its own, so that the system's accounts of it are of it alone. What is
//! compared is measured in the same run, in turns, and medians are shown: this machine of all machines may be busy. A goal that
//! is missed is an error, after everything has been shown.

mod api;
mod bare;
mod board;
mod gifts;
mod giving;
mod goals;
mod page;
mod pot;
mod process;
mod reconcile;
mod report;
mod start;
mod sweep;
mod wishes;
mod words;

use std::time::Duration;

use anyhow::Result;
use wolo_sandbox::wave::Retry;

use crate::local::{Options, Ports, Where};

pub(crate) use api::{Pace, api};
pub(crate) use bare::serve as serve_bare;
pub(crate) use gifts::{Load, gifts};
pub(crate) use page::{Crowd, page};
pub(crate) use reconcile::{Statement, reconcile};
pub(crate) use start::start;
pub(crate) use sweep::sweep;
pub(crate) use wishes::{Morning, wishes};
pub(crate) use words::words;

/// Between two looks at what has become known.
const LOOK: Duration = Duration::from_millis(50);

/// A world whose API and worker are processes of their own.
fn options() -> Result<Options> {
    Ok(Options {
        keep: None,
        ports: Ports::default(),
        opening_balance: 1_000_000,
        webhook_retry: Retry { first: Duration::from_millis(200), ..Retry::default() },
        redis: false,
        // One machine asks for everybody here, more often than any caller may.
        settings: [
            ("limits.read", "1000000,1000000"),
            ("limits.write", "1000000,1000000"),
            ("limits.money", "1000000,1000000"),
            ("limits.sign_in", "1000000,1000000"),
            ("limits.phone", "1000000,1000000"),
            ("limits.webhook", "1000000,1000000"),
            ("limits.receipt", "1000000,1000000"),
            ("accounts.guesses", "1000"),
        ]
        .map(|(key, value)| (key, value.to_owned()))
        .into(),
        parts: Where::Apart(std::env::current_exe()?),
    })
}

/// Whether this build is worth measuring.
fn warn_of_debug_build() {
    if cfg!(debug_assertions) {
        eprintln!("wolo: this is a debug build; its figures say little (use cargo run --release)");
    }
}

fn sorted<T: Ord>(figures: impl Iterator<Item = T>) -> Vec<T> {
    let mut sorted: Vec<T> = figures.collect();
    sorted.sort_unstable();
    sorted
}

/// So many of a hundred are at most this.
fn within<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().unwrap_or_default()
}

fn median<T: Ord + Copy + Default>(figures: impl Iterator<Item = T>) -> T {
    within(&sorted(figures), 50)
}
