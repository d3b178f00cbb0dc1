//! `wolo`: the operator's hand, and all of WOLO on one machine for whoever wants to see it.
//!
//! It refuses two things: to act on money or on a pot itself (it asks the processes, like the API does), and to end
//! something without a yes.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so"))]

mod bench;
mod commands;
mod confirm;
mod demo;
mod failure;
mod local;
mod output;
mod system;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match commands::run(commands::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", failure::words(&error));
            failure::exit_code(&error)
        }
    }
}
