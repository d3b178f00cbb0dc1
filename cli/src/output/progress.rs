//! Progress of what takes longer than a second, for somebody who watches.

use std::borrow::Cow;
use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line on standard error that moves; nothing at all when that is not a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For work of unknown length.
    pub(crate) fn spinning(what: impl Into<String>) -> Self {
        Self::shown(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_message(what.into());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        })
    }

    /// For a number of equal pieces.
    pub(crate) fn counting(what: impl Into<String>, pieces: u64) -> Self {
        Self::shown(|| {
            let bar = ProgressBar::new(pieces);
            // A constant of the program; with a mistake in it the plain style would do.
            if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
                bar.set_style(style);
            }
            bar.set_message(what.into());
            bar
        })
    }

    fn shown(make: impl FnOnce() -> ProgressBar) -> Self {
        Self { bar: stderr().is_terminal().then(make) }
    }

    /// What is being done now.
    pub(crate) fn say(&self, what: impl Into<Cow<'static, str>>) {
        if let Some(bar) = &self.bar {
            bar.set_message(what);
        }
    }

    pub(crate) fn to(&self, pieces: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(pieces);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
