//! The command line as an operator meets it. Everything runs the real binary.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod backup;
mod bench;
mod birth_dates;
mod books;
mod cases;
mod certificate;
mod channels;
mod config;
mod consents;
mod demo;
mod deployment;
mod dev;
mod figures;
mod help;
mod losses;
mod notices;
mod papers;
mod payout;
mod people;
mod probe;
mod refund;
mod refusals;
mod reviewers;
mod senders;
mod sponsorship;
mod stuck;
mod traces;
mod trust;
mod vault;
mod ways;

use std::path::Path;

use assert_cmd::Command;

/// `wolo` in a shell that names no system and has a data folder of its own, where no world is announced.
fn wolo(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wolo"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if (name.starts_with("WOLO_") && name != "WOLO_CACHE") || name.starts_with("WAVE_") {
            command.env_remove(&*name);
        }
    }
    command.env("WOLO_DATA", home).env("USER", "tester").env("NO_COLOR", "1").env("COLUMNS", "100");
    command
}

/// What a command wrote, and how it ended.
fn said(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}
