//! How a command ends when it did not do what it was asked: one sentence, its causes once, and a number for scripts.

use std::fmt;
use std::process::ExitCode;

/// What was asked for was not done.
const FAILED: u8 = 1;
/// What was given is not understood. Clap's, too.
const NOT_UNDERSTOOD: u8 = 2;
/// What was asked for is understood and not allowed.
const REFUSED: u8 = 3;

/// The rules say no. Asking again in the same way changes nothing.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// An error that ends the program with the exit code of a refusal.
pub(crate) fn refused(words: impl Into<String>) -> anyhow::Error {
    Refused(words.into()).into()
}

/// What was given cannot be read for what it should be.
#[derive(Debug)]
pub(crate) struct NotUnderstood(String);

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotUnderstood {}

/// An error that ends the program with the exit code of what is not understood.
pub(crate) fn not_understood(words: impl Into<String>) -> anyhow::Error {
    NotUnderstood(words.into()).into()
}

/// The sentence and its causes. A cause that only repeats what stands above it is left out.
pub(crate) fn words(error: &anyhow::Error) -> String {
    let mut text = format!("wolo: {error}");
    let mut last = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if cause != last {
            text.push_str("\n  because: ");
            text.push_str(&cause.replace('\n', "\n    "));
            last = cause;
        }
    }
    text
}

pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let code = if error.is::<Refused>() {
        REFUSED
    } else if error.is::<NotUnderstood>() {
        NOT_UNDERSTOOD
    } else {
        FAILED
    };
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let error = Err::<(), _>(anyhow::anyhow!("no route")).context("no route").context("it failed");
        assert_eq!(words(&error.unwrap_err()), "wolo: it failed\n  because: no route");
    }

    #[test]
    fn a_refusal_keeps_its_code_under_context() {
        let error = Err::<(), _>(refused("not now")).context("the pot stays as it is").unwrap_err();
        assert_eq!(exit_code(&error), ExitCode::from(REFUSED));
        assert_eq!(exit_code(&not_understood("no certificate")), ExitCode::from(NOT_UNDERSTOOD));
        assert_eq!(exit_code(&anyhow::anyhow!("broken")), ExitCode::from(FAILED));
    }
}
