//! The log file of one process, which also tells whether that process tree still lives.
//!
//! A lock on an open file belongs to everyone who inherited it. The whole tree inherits the log, so the lock is free
//! exactly when nobody of the tree is left, even if the one who started it was killed and cannot tell.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A log beyond this size is begun anew at the next start.
const FULL: u64 = 16 * 1024 * 1024;
/// How much of the end an error may quote.
const QUOTED_LINES: usize = 12;

/// A log file, from where this run began.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    path: PathBuf,
    began_at: u64,
}

impl Log {
    /// Opens the log for one run and takes its lock; `None` while an earlier run still holds it.
    pub(crate) fn open(path: &Path) -> std::io::Result<Option<(Log, File)>> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        if file.metadata()?.len() > FULL {
            file.set_len(0)?;
        }
        let began_at = file.metadata()?.len();
        Ok(Some((Log { path: path.to_owned(), began_at }, file)))
    }

    /// Whether nobody of the process tree is left.
    pub(crate) fn is_free(&self) -> bool {
        // A log that cannot be opened any more was deleted together with its world.
        File::open(&self.path).map_or(true, |file| file.try_lock_shared().is_ok())
    }

    /// What this run said last, as an error quotes it.
    pub(crate) fn last_lines(&self) -> String {
        let mut text = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.began_at))?;
            file.read_to_end(&mut text)
        });
        if let Err(error) = read {
            return format!("({} cannot be read: {error})", self.path.display());
        }
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
    }
}
