//! Keeps the book in a file, so that a local world survives a restart.
//!
//! The file is replaced as a whole by a rename, never written in place: a crash leaves the last complete book. Changes
//! are gathered for a moment before writing, and the last word is written at shutdown.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{book::Book, errors::Error, world::World};
use crate::clock::Clock;

/// How long changes are gathered.
const GATHER: Duration = Duration::from_millis(250);

#[derive(Serialize)]
struct Saved<'a> {
    clock_offset_millis: i64,
    book: &'a Book,
}

#[derive(Deserialize)]
struct Loaded {
    clock_offset_millis: i64,
    book: Book,
}

pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("wave.json")
}

/// The kept book and its clock, or nothing when there is none yet.
pub(super) async fn load(path: &Path) -> Result<Option<(Book, Clock)>, Error> {
    let bytes = match tokio::fs::read(path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Book { path: path.to_owned(), source }),
    };
    let mut loaded: Loaded = serde_json::from_slice(&bytes)
        .map_err(|source| Error::BookContent { path: path.to_owned(), source })?;
    loaded.book.reindex();
    Ok(Some((loaded.book, Clock::ahead_by(loaded.clock_offset_millis))))
}

pub(super) async fn save(world: &World, path: &Path) -> Result<(), Error> {
    let clock_offset_millis = world.clock.offset_millis();
    let bytes = world
        .read(|book| serde_json::to_vec(&Saved { clock_offset_millis, book }))
        .map_err(|source| Error::BookContent { path: path.to_owned(), source })?;
    let written = async {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let fresh = path.with_extension("json.new");
        tokio::fs::write(&fresh, bytes).await?;
        tokio::fs::rename(&fresh, path).await
    };
    written.await.map_err(|source| Error::Book { path: path.to_owned(), source })
}

/// Saves after changes until the emulator stops.
pub(super) async fn keep(world: Arc<World>, path: PathBuf) {
    let mut changes = world.changes();
    let stop = world.stop.clone();
    let writing = async {
        let mut took = Duration::ZERO;
        while changes.changed().await.is_ok() {
            // A big book takes long to write, under the lock too: nine parts in ten of the time are for other work.
            tokio::time::sleep(GATHER.max(took * 9)).await;
            changes.borrow_and_update();
            let started = Instant::now();
            if let Err(error) = save(&world, &path).await {
                tracing::error!(%error, "the Wave book is not kept");
            }
            took = started.elapsed();
        }
    };
    stop.run_until_cancelled(writing).await;
}
