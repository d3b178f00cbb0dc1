//! What a command says on standard output: tables and words for people, JSON for programs.
//!
//! Colours are for terminals only, and never carry a meaning that the words do not. Progress goes to standard error,
//! so that output stays clean when it is piped.

mod page;
mod paint;
mod progress;
mod spark;
mod words;

use anyhow::{Context as _, Result};
use clap::Args;
use serde::Serialize;

pub(crate) use page::{Fields, Listing, indented};
pub(crate) use paint::Paint;
pub(crate) use progress::Progress;
pub(crate) use spark::sparkline;
pub(crate) use words::{account, day, gifts, grouped, instant, instant_or_dash, or_dash, waiting};

/// How to show something.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Format {
    /// Print one JSON document for programs, instead of text for people
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).context("the answer cannot be written as JSON")?;
    say(&text);
    Ok(())
}

/// Prints one piece of text. A reader that has gone away (`| head`) is not an error worth words.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
