//! The folder of fetched tools. A tool appears in it whole or not at all, also when two processes fetch it at once.

use std::fs;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::folders::open_to_all;

/// A new tool on its way into the cache. It is deleted again unless it is kept.
#[derive(Debug)]
pub(super) struct Staging {
    folder: PathBuf,
    place: PathBuf,
}

impl Staging {
    /// Begins a tool that will be called `name`.
    pub(super) fn begin(cache: &Path, name: &str) -> std::io::Result<Self> {
        if !cache.is_dir() {
            fs::create_dir_all(cache)?;
            open_to_all(cache)?;
        }
        let folder = cache.join(format!(".{name}-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder)?;
        open_to_all(&folder)?;
        Ok(Staging { folder, place: cache.join(name) })
    }

    /// The folder to fill.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts the tool in its place. If another process was sooner, its tool, which has the same hash, is taken.
    pub(super) fn keep(self) -> std::io::Result<PathBuf> {
        match fs::rename(&self.folder, &self.place) {
            Err(error) if !self.place.is_dir() => Err(error),
            _ => Ok(self.place.clone()),
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Kept: then it is no longer there. Otherwise what remains is only rubbish with a name of its own.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
