//! A runtime that outlives the single tests of a test binary, each of which has its own.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// Fills the cell once, in the background runtime, and waits for it without blocking the caller's runtime.
///
/// What the future spawns goes on living there: the process's end is its end.
pub(crate) async fn once<T, F>(
    cell: &'static OnceLock<T>,
    fill: impl FnOnce() -> F + Send + 'static,
) -> &'static T
where
    T: Send + Sync + 'static,
    F: Future<Output = T>,
{
    if let Some(filled) = cell.get() {
        return filled;
    }
    let filling = tokio::task::spawn_blocking(|| cell.get_or_init(|| runtime().block_on(fill())));
    filling.await.expect("only a panic in the filling itself ends it, and that panic is the better message")
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("world")
            .enable_all()
            .build()
            .expect("a system that cannot start two threads runs no tests either")
    })
}
