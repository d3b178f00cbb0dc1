//! The log of a local world: always in a file, and on standard error once somebody wants to follow it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use wolo_bootstrap::telemetry;

/// The SDK tells of every poll that a stopping server cuts off; that is noise at a place where servers come and go.
const FILTER: &str = "info,temporalio_sdk_core=warn,temporalio_client=warn,temporalio_sdk=warn,sqlx=warn";

/// The way to the log. Before the world's folder is there, lines wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    sink: Mutex<Sink>,
    followed: AtomicBool,
}

#[derive(Debug)]
enum Sink {
    Waiting(Vec<u8>),
    File(File),
}

impl Default for Sink {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

impl Log {
    /// Starts the log of this process.
    pub(crate) fn start() -> Result<Self> {
        let log = Self::default();
        let writer = log.clone();
        telemetry::start_on(FILTER, move || writer.clone())?;
        Ok(log)
    }

    /// From now on lines go into this file, those that waited first.
    pub(crate) fn write_to(&self, path: &PathBuf) -> Result<()> {
        let failed = || format!("the log {} cannot be written", path.display());
        let mut file = OpenOptions::new().create(true).append(true).open(path).with_context(failed)?;
        let Ok(mut sink) = self.inner.sink.lock() else { return Ok(()) };
        if let Sink::Waiting(lines) = &*sink {
            file.write_all(lines).with_context(failed)?;
        }
        *sink = Sink::File(file);
        Ok(())
    }

    /// From now on lines are shown too.
    pub(crate) fn follow(&self) {
        self.inner.followed.store(true, Ordering::Relaxed);
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Ok(mut sink) = self.inner.sink.lock() {
            match &mut *sink {
                Sink::Waiting(lines) => lines.extend_from_slice(line),
                Sink::File(file) => file.write_all(line)?,
            }
        }
        if self.inner.followed.load(Ordering::Relaxed) {
            io::stderr().write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
