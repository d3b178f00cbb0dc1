//! Makes of what somebody uploads a picture that holds nothing but what can be seen on it.
//!
//! A decoder of pictures is where crafted files strike. So it runs in a process of its own ([`child()`]), which has no
//! environment, no file, little memory and little time, and is given one document on its input; what comes back is pixels,
//! encoded anew. Metadata, scripts, hidden texts and whatever stood before or behind the picture are not taken over. That a
//! document is genuine, or legible, is for people to say.
//!
//! JPEG and PNG stay what they are, but turned upright and no larger than needed ([`LONGEST_SIDE`]). The pages of a PDF, up
//! to [`MOST_PAGES`], are drawn one below the other in one JPEG: all that a reviewer decides on is in one picture with one
//! hash. A longer one is refused, not cut.

mod answer;
mod child;
mod pages;
mod picture;
mod refusal;
mod sort;

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::pending;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{ChildStdin, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

pub use child::child;
pub use refusal::Refusal;

/// Most bytes of an upload, and of what is made of it.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Most pixels that a picture may say it has: more than those of any telephone's usual pictures.
pub const MOST_PIXELS: u64 = 50_000_000;
/// A longer picture is made smaller.
pub const LONGEST_SIDE: u32 = 3_000;
/// Most pages of a PDF.
pub const MOST_PAGES: usize = 4;

/// How a clean document is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Jpeg,
    Png,
}

impl Encoding {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// A document that is nothing but a picture.
pub struct Clean {
    /// Wiped when they are dropped.
    pub bytes: Bytes,
    pub encoding: Encoding,
    /// How many pages are on it.
    pub pages: u8,
}

/// Why there is no clean document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCleaned {
    /// It is the document's fault, and will be again.
    #[error("the document is refused: {0}")]
    Refused(Refusal),
    /// As many documents are being cleaned as may be at once, or one of the same sender. Worth repeating.
    #[error("too many documents are being cleaned just now")]
    Busy,
    /// It is not the document's fault: the program is not there, or is another.
    #[error("the program that cleans documents does not work ({0})")]
    Broken(io::ErrorKind),
}

impl From<Refusal> for NotCleaned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for NotCleaned {
    fn from(error: io::Error) -> Self {
        Self::Broken(error.kind())
    }
}

/// Starts a process for each document, and ends it.
pub struct Cleaner {
    program: Vec<String>,
    longest: Duration,
    free: Semaphore,
    /// Whose documents are being cleaned.
    senders: Mutex<HashSet<Uuid>>,
}

/// A sender's turn, until it is dropped.
struct Turn<'a> {
    senders: &'a Mutex<HashSet<Uuid>>,
    sender: Uuid,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        held(self.senders).remove(&self.sender);
    }
}

impl Cleaner {
    /// The program and its arguments, with which it comes to call [`child()`]; how long it may take for one document; and how
    /// many may run at once, each with up to a gigabyte of memory.
    pub fn new(program: Vec<String>, longest: Duration, at_once: usize) -> Self {
        Self { program, longest, free: Semaphore::new(at_once), senders: Mutex::default() }
    }

    /// Cleans one upload. What it is follows from its content, whatever anybody says about it. A sender has one place, so that
    /// nobody's slow documents keep all others waiting.
    pub async fn clean(&self, sender: Uuid, upload: &[u8]) -> Result<Clean, NotCleaned> {
        sort::of(upload)?;
        let _turn = self.turn(sender).ok_or(NotCleaned::Busy)?;
        let Ok(_place) = self.free.try_acquire() else { return Err(NotCleaned::Busy) };
        let (program, arguments) =
            self.program.split_first().ok_or(NotCleaned::Broken(io::ErrorKind::InvalidInput))?;
        // If this future is dropped, so is the process.
        let mut process = Command::new(program)
            .args(arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let (input, output) = process
            .stdin
            .take()
            .zip(process.stdout.take())
            .ok_or(NotCleaned::Broken(io::ErrorKind::BrokenPipe))?;
        let talk = async {
            let answer = tokio::select! {
                answer = answer::read(output) => answer,
                never = tell(input, upload) => match never {},
            };
            // One that goes on saying what is no answer is not waited for. One that has fallen silent ends by itself.
            if answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) {
                process.start_kill()?;
            }
            Ok::<_, io::Error>((answer, process.wait().await?))
        };
        let talked = timeout(self.longest, talk).await;
        let Ok(talked) = talked else {
            process.kill().await?;
            return Err(Refusal::TookTooLong.into());
        };
        let (answer, status) = talked?;
        concluded(answer, status)
    }

    fn turn(&self, sender: Uuid) -> Option<Turn<'_>> {
        // Only of one that has been given is there an end.
        held(&self.senders).insert(sender).then(|| Turn { senders: &self.senders, sender })
    }
}

/// Whoever held it changed it in one step.
fn held(senders: &Mutex<HashSet<Uuid>>) -> MutexGuard<'_, HashSet<Uuid>> {
    senders.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands over the document. What comes of it is in the answer: a process may have heard enough before the end.
async fn tell(mut input: ChildStdin, upload: &[u8]) -> Infallible {
    let _ = input.write_all(upload).await;
    drop(input);
    pending().await
}

/// A process that died of a signal died of the document: of its limits, or of ours. One that ended by itself without an
/// answer is not the program that we mean.
fn concluded(answer: io::Result<answer::Answer>, status: ExitStatus) -> Result<Clean, NotCleaned> {
    match answer {
        Ok(answer) if status.success() => answer.map_err(NotCleaned::Refused),
        Ok(_) => Err(NotCleaned::Broken(io::ErrorKind::Other)),
        Err(error) => match status.signal() {
            Some(signal) if signal == nix::libc::SIGXCPU => Err(Refusal::TookTooLong.into()),
            // Ours, for an answer that is none; or it found nobody who listened to it any more.
            Some(_) if error.kind() == io::ErrorKind::InvalidData => Err(NotCleaned::Broken(error.kind())),
            Some(_) => Err(Refusal::Damaged.into()),
            None => Err(NotCleaned::Broken(error.kind())),
        },
    }
}
