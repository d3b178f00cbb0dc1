//! Where the running world of `wolo dev` is, for the other commands.
//!
//! One small file at a place that is the same for every command of one user. It counts only while the process that
//! wrote it holds a lock on it, so a world that was killed is not mistaken for a running one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use wolo_sandbox::folders;

use crate::failure::refused;

/// The addresses of a running world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// The process that holds it.
    pub(crate) pid: u32,
    pub(crate) api: String,
    pub(crate) temporal: String,
    pub(crate) temporal_ui: String,
    pub(crate) wave: String,
    pub(crate) inbox: String,
    pub(crate) social: String,
    pub(crate) postgres: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redis: Option<String>,
    pub(crate) logs: PathBuf,
    /// Where Temporal's web pages have payloads decrypted, without a token.
    pub(crate) codec: String,
    /// The settings with which everything here was started, secrets included; readable to its owner alone.
    pub(crate) settings: PathBuf,
}

/// Kept while the world runs; the file ends with it.
#[derive(Debug)]
pub(crate) struct Announced {
    path: PathBuf,
    file: File,
}

fn path() -> PathBuf {
    folders::data().join("dev.json")
}

/// The world that runs now, if one does.
pub(crate) fn running() -> Option<Addresses> {
    let file = File::open(path()).ok()?;
    // The lock is the holder's sign of life. Having it ourselves means that nobody lives there.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => serde_json::from_reader(file).ok(),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

/// Takes the place of the one world that commands find. Refused while another one has it.
pub(crate) fn take() -> Result<Announced> {
    let path = path();
    let unusable = || format!("the file {} cannot be written", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(unusable)?;
    }
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Announced { path, file }),
        Err(TryLockError::WouldBlock) => Err(refused(
            "a world of `wolo dev` is running already; end it first, or set WOLO_DATA for another place",
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(unusable),
    }
}

impl Announced {
    pub(crate) fn say(&mut self, addresses: &Addresses) -> Result<()> {
        let text = serde_json::to_vec_pretty(addresses)?;
        self.file.set_len(0).and_then(|()| self.file.write_all(&text)).context("the addresses cannot be kept")
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        // Left behind it would do no harm: without the lock nobody believes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file that its owner alone can read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("the file {} cannot be written", path.display());
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)
}
