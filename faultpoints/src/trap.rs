//! A point that is armed: a file, which any process can take away and one does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(any(test, feature = "armed"))]
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a trap lies once it has struck.
const STRUCK: &str = "struck";

/// Who died at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// By the number that the operating system had given it.
    pub pid: u32,
    /// The process of the engine's for which it was there, where there was one.
    pub process: Option<String>,
}

/// A point that has been armed, or will be: a file that holds how often it may still be passed.
#[derive(Debug, Clone)]
pub struct Trap {
    folder: PathBuf,
    point: String,
}

impl Trap {
    pub fn new(folder: &Path, point: impl Into<String>) -> Self {
        Self { folder: folder.to_owned(), point: point.into() }
    }

    pub fn point(&self) -> &str {
        &self.point
    }

    /// Arms the point: whoever passes it for the `time`th time from now on dies.
    pub fn arm(&self, time: u32) -> io::Result<()> {
        fs::create_dir_all(self.folder.join(STRUCK))?;
        // What it did before is another story.
        let _ = fs::remove_file(self.folder.join(STRUCK).join(&self.point));
        let laid = self.folder.join(format!(".{}", self.point));
        fs::write(&laid, time.to_string())?;
        fs::rename(laid, self.path())
    }

    /// Whether it still waits for somebody.
    pub fn is_armed(&self) -> bool {
        self.path().exists()
    }

    /// Takes the trap away; false if it has struck, or was never there.
    pub fn disarm(&self) -> bool {
        fs::remove_file(self.path()).is_ok()
    }

    /// Who died of it, once somebody has.
    pub fn struck(&self) -> Option<Struck> {
        let text = fs::read_to_string(self.folder.join(STRUCK).join(&self.point)).ok()?;
        let (pid, process) = text.split_once(' ')?;
        let process = Some(process.to_owned()).filter(|process| !process.is_empty());
        Some(Struck { pid: pid.parse().ok()?, process })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.point)
    }

    /// Whether it strikes whoever has come here.
    #[cfg(any(test, feature = "armed"))]
    pub(crate) fn springs(&self, process: &str) -> bool {
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        let pid = std::process::id();
        let number = TAKEN.fetch_add(1, Ordering::Relaxed);
        let mine = self.folder.join(format!(".{}.{pid}.{number}", self.point));
        // Only one of all who come here at once can take it.
        if fs::rename(self.path(), &mine).is_err() {
            return false;
        }
        let passes = fs::read_to_string(&mine).ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(1);
        let (words, then) = if passes <= 1 {
            (format!("{pid} {process}"), self.folder.join(STRUCK).join(&self.point))
        } else {
            ((passes - 1).to_string(), self.path())
        };
        // A folder that was taken away with its world has nobody left who asks.
        let _ = fs::write(&mine, words).and_then(|()| fs::rename(&mine, then));
        passes <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!(
            "wolo-traps-{}-{:?}",
            std::process::id(),
            std::thread::current().id()
        ));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_trap_strikes_at_its_time_and_once() {
        let folder = folder();
        let trap = Trap::new(&folder, "deeds.do@begun");
        assert!(!trap.springs("pot/1"), "it is not armed");
        trap.arm(3).unwrap();
        assert_eq!([trap.springs("pot/1"), trap.springs("pot/1")], [false, false]);
        assert_eq!(trap.struck(), None);
        assert!(trap.springs("pot/1"));
        assert_eq!(
            trap.struck(),
            Some(Struck { pid: std::process::id(), process: Some("pot/1".to_owned()) })
        );
        assert!(!trap.springs("pot/1"), "it has struck");
        assert!(!trap.disarm());
        fs::remove_dir_all(folder).unwrap();
    }
}
