//! Reading a server's refusals. A reply has three digits and, from most servers, a finer code (RFC 3463); what they mean
//! depends on what they answer, so a refusal's code has all of it: `to.550.5.1.1`.

use std::error::Error as _;

use lettre::transport::smtp;
use lettre::transport::smtp::response::Severity;

use crate::messages::Remedy;
use crate::private::Private;
use crate::wire::{ProviderError, Sent};

/// What a server was told when it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Greeting,
    Login,
    From,
    To,
    Data,
    Text,
}

impl Step {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Login => "login",
            Self::From => "from",
            Self::To => "to",
            Self::Data => "data",
            Self::Text => "text",
        }
    }
}

/// What is to be done about a mail that was refused under this code. Only what a server says of the recipient is about the
/// person.
pub fn remedy(code: &str) -> Remedy {
    let Some(reply) = code.strip_prefix("to.") else {
        return if code == "invalid-address" { Remedy::AddressGone } else { Remedy::Ours };
    };
    match reply.split_once('.') {
        // The mailbox is full, or takes nothing so large.
        Some((_, "5.2.2" | "5.2.3")) => Remedy::OtherChannel,
        // No such address, no such domain; a mailbox that is closed.
        Some((_, fine)) if fine.starts_with("5.1.") || fine == "5.2.1" => Remedy::AddressGone,
        Some(_) => Remedy::Ours,
        None => match reply {
            "550" | "551" | "553" => Remedy::AddressGone,
            "552" => Remedy::OtherChannel,
            _ => Remedy::Ours,
        },
    }
}

/// What a failure at this step means.
pub(super) fn failure(error: &smtp::Error, step: Step) -> ProviderError {
    let Some(code) = error.status() else {
        // No answer, or none that can be read. Until the text has left, nothing can have been sent.
        let sent = if step == Step::Text { Sent::Perhaps } else { Sent::No };
        return ProviderError::Unreachable { sent, status: None, source: None };
    };
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let reply = u16::from(code);
    match code.severity {
        // The server is going; another connection may find it again.
        Severity::TransientNegativeCompletion if reply == 421 => {
            ProviderError::Unreachable { sent: Sent::No, status: None, source: None }
        }
        Severity::TransientNegativeCompletion => ProviderError::Throttled { retry_after: None },
        _ => {
            let mut code = format!("{}.{reply}", step.as_str());
            if let Some(fine) = fine(&words) {
                code.push('.');
                code.push_str(fine);
            }
            ProviderError::Refused { code, message: Private::new(words), status: reply }
        }
    }
}

/// The finer code at the head of a reply's words.
fn fine(words: &str) -> Option<&str> {
    let first = words.split_whitespace().next()?;
    let parts: Vec<&str> = first.split('.').collect();
    let numbers = parts
        .iter()
        .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    (parts.len() == 3 && numbers && first.starts_with('5')).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_the_recipient_is_about_the_person() {
        for (code, expected) in [
            ("to.550", Remedy::AddressGone),
            ("to.551", Remedy::AddressGone),
            ("to.553", Remedy::AddressGone),
            ("to.550.5.1.1", Remedy::AddressGone),
            ("to.550.5.1.10", Remedy::AddressGone),
            ("to.550.5.2.1", Remedy::AddressGone),
            ("to.552", Remedy::OtherChannel),
            ("to.552.5.2.2", Remedy::OtherChannel),
            ("to.552.5.2.3", Remedy::OtherChannel),
            ("to.554", Remedy::Ours),
            ("to.550.5.7.1", Remedy::Ours),
            ("from.550.5.1.1", Remedy::Ours),
            ("text.554.5.7.1", Remedy::Ours),
            ("login.535", Remedy::Ours),
            ("greeting.554", Remedy::Ours),
            ("invalid-address", Remedy::AddressGone),
            ("invalid-identifier", Remedy::Ours),
            ("", Remedy::Ours),
        ] {
            assert_eq!(remedy(code), expected, "{code}");
        }
    }

    #[test]
    fn a_finer_code_stands_first_and_has_three_numbers() {
        assert_eq!(fine("5.1.1 <awa@example.com>: no such user"), Some("5.1.1"));
        for words in ["", "no 5.1.1", "5.1 x", "5.1.1.1 x", "4.2.2 x", "5.1.x", "5.1.1234"] {
            assert_eq!(fine(words), None, "{words}");
        }
    }
}
