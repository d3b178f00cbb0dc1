//! The process that looks into a document: it takes everything from itself that it does not need, and only then reads.

use std::io::{self, Read as _};
use std::panic::catch_unwind;
use std::process::ExitCode;

use nix::sys::resource::{Resource, setrlimit};

use super::answer::{self, Answer};
use super::sort::{self, Sort};
use super::{MOST_BYTES, pages, picture};

/// Of addresses, in bytes: what the largest picture takes while it is decoded and made smaller, and as much again.
const MEMORY: u64 = 1024 * 1024 * 1024;
const CPU_SECONDS: u64 = 15;
/// Input, output, and where errors go. No other can be opened.
const FILES: u64 = 3;

/// What the process does that [`super::Cleaner`] starts: cleans the document on its input, and writes the answer to its
/// output. To be called before anything else is done; it never panics, and says nothing.
pub fn child() -> ExitCode {
    if limit().is_err() {
        return ExitCode::FAILURE;
    }
    let mut upload = Vec::new();
    if io::stdin().lock().take(MOST_BYTES as u64 + 1).read_to_end(&mut upload).is_err() {
        return ExitCode::FAILURE;
    }
    // A decoder that panics has met something that nobody had thought of.
    let answer = catch_unwind(|| clean(upload)).unwrap_or(Err(super::Refusal::Damaged));
    match answer::write(&answer, io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn clean(upload: Vec<u8>) -> Answer {
    match sort::of(&upload)? {
        Sort::Jpeg => picture::jpeg(&upload),
        Sort::Png => picture::png(&upload),
        Sort::Pdf => pages::draw(upload),
    }
}

fn limit() -> nix::Result<()> {
    for (resource, most) in
        [(Resource::RLIMIT_CORE, 0), (Resource::RLIMIT_FSIZE, 0), (Resource::RLIMIT_NOFILE, FILES)]
    {
        setrlimit(resource, most, most)?;
    }
    // The first limit says by its signal what it was; the second comes without one.
    setrlimit(Resource::RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 1)?;
    // Where the system's own share of the addresses is larger than this already, it cannot be limited.
    if cfg!(target_os = "linux") {
        setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY)?;
    }
    Ok(())
}
