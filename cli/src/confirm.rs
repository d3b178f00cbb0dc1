//! The question before a step that cannot be taken back.
//!
//! What destroys or ends something takes a [`Confirmed`], and only the check here can make one: a new command that
//! forgets to ask does not compile.

use std::io::{IsTerminal as _, stderr, stdin};

use anyhow::{Context as _, Result};

use crate::failure::refused;

/// Somebody has said yes.
#[must_use]
#[derive(Debug)]
pub(crate) struct Confirmed(());

/// Lists what will happen and asks, unless `yes` has been given. Where nobody can answer, the answer is no.
pub(crate) fn confirm(what_will_happen: &[String], yes: bool) -> Result<Confirmed> {
    if yes {
        return Ok(Confirmed(()));
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(refused(
            "this needs a yes: there is no terminal to ask at, so give --yes if you mean it",
        ));
    }
    for line in what_will_happen {
        eprintln!("  {line}");
    }
    let answer = dialoguer::Confirm::new()
        .with_prompt("Go on?")
        .default(false)
        .interact()
        .context("the answer could not be read")?;
    if answer { Ok(Confirmed(())) } else { Err(refused("nothing was changed")) }
}
