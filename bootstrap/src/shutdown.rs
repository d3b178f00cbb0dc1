//! One way to end: told once, everything stops in order; told twice or too slow, the process ends at once.
//!
//! Signals are watched on a thread of their own, so that a program whose runtime is stuck can still be ended.

use std::future::Future;
use std::io;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code when the order did not end in time, as `timeout` has it.
pub const TOO_SLOW: i32 = 124;
/// The exit code after a second SIGINT, as shells have it.
pub const INTERRUPTED: i32 = 130;
/// The exit code after a second SIGTERM, as shells have it.
pub const TERMINATED: i32 = 143;

/// The one thing that everything asks whether it should stop. Clones speak of the same end.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    token: CancellationToken,
}

/// Signals cannot be watched in this process.
#[derive(Debug, thiserror::Error)]
#[error("signals cannot be watched")]
pub struct ShutdownError(#[source] io::Error);

impl Shutdown {
    /// An end that only the program itself brings about.
    pub fn new() -> Self {
        Self::default()
    }

    /// An end that SIGTERM or SIGINT also bring about. From then on the process has `limit` to end by itself; after that,
    /// or at a second signal, it exits with one sentence on standard error.
    pub fn on_signals(limit: Duration) -> Result<Self, ShutdownError> {
        let shutdown = Self::new();
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ShutdownError)?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::watch().map_err(ShutdownError)?
        };
        let token = shutdown.token.clone();
        thread::Builder::new()
            .name("shutdown".to_owned())
            .spawn(move || {
                let (code, sentence) = runtime.block_on(async {
                    tokio::select! {
                        _ = signals.next() => token.cancel(),
                        () = token.cancelled() => {}
                    }
                    tokio::select! {
                        code = signals.next() => (code, "wolo: told to stop a second time, ending at once."),
                        () = tokio::time::sleep(limit) => (TOO_SLOW, "wolo: stopping took too long, ending at once."),
                    }
                });
                eprintln!("{sentence}");
                std::process::exit(code);
            })
            .map_err(ShutdownError)?;
        Ok(shutdown)
    }

    /// Begins the end. Doing it again changes nothing.
    pub fn begin(&self) {
        self.token.cancel();
    }

    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits for the end to begin. Owns what it needs, so it can be handed to a server or a task.
    pub fn begun(&self) -> impl Future<Output = ()> + Send + 'static {
        self.token.clone().cancelled_owned()
    }

    /// The token beneath, for what wants one.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The exit code that belongs to the next signal.
    async fn next(&mut self) -> i32 {
        tokio::select! {
            _ = self.terminate.recv() => TERMINATED,
            _ = self.interrupt.recv() => INTERRUPTED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn clones_end_together() {
        let shutdown = Shutdown::new();
        let waiting = tokio::spawn(shutdown.begun());
        assert!(!shutdown.has_begun());
        shutdown.clone().begin();
        shutdown.begin();
        waiting.await.unwrap();
        assert!(shutdown.has_begun());
    }
}
