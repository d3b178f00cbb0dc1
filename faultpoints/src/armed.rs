//! Points that strike.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

use rustix::process::{Signal, getpid, kill_process};

use crate::{Trap, VARIABLE};

/// Stands in every binary that has points, and in no other.
const MARK: &str = "this process has fault points, in";

tokio::task_local! {
    static DEED: Deed;
}

struct Deed {
    name: String,
    process: String,
}

/// Does a deed of a process (as the engine calls it), under whose name the points in it are known.
pub async fn within<T>(name: String, process: String, doing: impl Future<Output = T>) -> T {
    DEED.scope(Deed { name, process }, doing).await
}

/// Passes a point. Within a deed its full name is `deed@point`.
pub fn reach(point: &str) {
    let within = |deed: &Deed| pass(&format!("{}@{point}", deed.name), &deed.process);
    DEED.try_with(within).unwrap_or_else(|_| pass(point, ""));
}

/// Passes a point of this full name, on behalf of a process of the engine's, if it is of one.
pub fn pass(point: &str, process: &str) {
    let Some(folder) = folder() else { return };
    if Trap::new(folder, point).springs(process) {
        die();
    }
}

fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let read = || {
        let folder = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty())?;
        eprintln!("{MARK}: {}", folder.display());
        Some(PathBuf::from(folder))
    };
    FOLDER.get_or_init(read).as_deref()
}

/// SIGKILL, as a machine that loses its power: nothing is flushed, closed or said.
fn die() -> ! {
    // It cannot be refused to a process about itself; if it were, the point would be seen as one that was never reached.
    let _ = kill_process(getpid(), Signal::KILL);
    loop {
        thread::park();
    }
}
