//! Deletes a temporary folder after its owner, also when the owner was killed.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::SOON;

const SWEEPER: &str = include_str!("sweeper.sh");

/// A shell that waits for our end, then for the end of those who write into the folder, and deletes it.
#[derive(Debug)]
pub(crate) struct Sweeper {
    shell: Child,
    lifeline: Option<ChildStdin>,
}

impl Sweeper {
    pub(crate) fn over(folder: &Path) -> std::io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", SWEEPER, "sweeper"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let lifeline = shell.stdin.take();
        Ok(Sweeper { shell, lifeline })
    }

    /// The folder is not deleted before this process has ended.
    pub(crate) fn wait_for(&self, pid: u32) {
        if let Some(mut lifeline) = self.lifeline.as_ref() {
            // A sweeper that has died deletes nothing; its folder is in the system's temporary folder anyway.
            let _ = writeln!(lifeline, "{pid}");
        }
    }

    /// Deletes the folder now. Those who write there must have ended.
    pub(crate) async fn sweep(mut self) {
        drop(self.lifeline.take());
        while matches!(self.shell.try_wait(), Ok(None)) {
            tokio::time::sleep(SOON).await;
        }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        // It ends soon: whoever writes into the folder is dropped before it, and it has its own patience.
        let _ = self.shell.wait();
    }
}
