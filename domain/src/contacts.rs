//! Where a person is reached: a phone or a mail address, and the language they read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::people::{InvalidPhone, Phone};
use crate::words::words;

/// Longest address that mail can be sent to.
const LONGEST: usize = 254;

/// A mail address, in the small letters under which accounts are told apart.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this is not a mail address; write it as awa@example.sn")]
pub struct InvalidEmail;

/// One provider under two names, at which dots in the first part of an address mean nothing.
const GMAIL: [&str; 2] = ["gmail.com", "googlemail.com"];

impl Email {
    /// The address as mail is sent to it. Named so that reading it is a decision: there is no `Display`.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The mailbox that a letter to this address comes to, as far as its spelling tells: what stands after a plus is its
    /// reader's own sorting. To count by, and not to write to.
    pub fn mailbox(&self) -> String {
        let Some((local, domain)) = self.0.rsplit_once('@') else { return self.0.clone() };
        let local = local.split('+').next().unwrap_or(local);
        if GMAIL.contains(&domain) {
            format!("{}@{}", local.replace('.', ""), GMAIL[0])
        } else {
            format!("{local}@{domain}")
        }
    }

    /// For people who may not see the address: `a•••••@example.sn`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let first = local.chars().next().map(String::from).unwrap_or_default();
        format!("{first}•••••@{domain}")
    }
}

/// Takes what mail servers take in practice. Whether somebody reads there is proved by a code, not by its shape.
impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address.split_once('@').ok_or(InvalidEmail)?;
        let local_is_fine = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b));
        let label_is_fine = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_is_fine = domain.contains('.') && domain.split('.').all(label_is_fine);
        if address.len() <= LONGEST && local_is_fine && domain_is_fine {
            Ok(Self(address))
        } else {
            Err(InvalidEmail)
        }
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// A mail address is personal: it never reaches a log or an error.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// One way to reach a person, and to know them again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contact {
    Phone(Phone),
    Email(Email),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidContact {
    #[error(transparent)]
    Phone(#[from] InvalidPhone),
    #[error(transparent)]
    Email(#[from] InvalidEmail),
}

impl Contact {
    pub fn reveal(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.reveal(),
            Self::Email(email) => email.reveal(),
        }
    }

    /// Where a message to it arrives, however it is spelt: to tell contacts apart by, and not to write to. Personal.
    pub fn reached(&self) -> String {
        match self {
            Self::Phone(phone) => phone.reveal().to_owned(),
            Self::Email(email) => email.mailbox(),
        }
    }

    pub fn masked(&self) -> String {
        match self {
            Self::Phone(phone) => phone.masked(),
            Self::Email(email) => email.masked(),
        }
    }
}

/// What has an `@` is a mail address; everything else must be a phone.
impl FromStr for Contact {
    type Err = InvalidContact;

    fn from_str(text: &str) -> Result<Self, InvalidContact> {
        if text.contains('@') { Ok(Self::Email(text.parse()?)) } else { Ok(Self::Phone(text.parse()?)) }
    }
}

/// What a person reads. Wolof falls back to French, French to English, where words are missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "fr")]
    French,
    #[serde(rename = "en")]
    English,
    #[serde(rename = "wo")]
    Wolof,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::French, Self::English, Self::Wolof];

    /// The tag of BCP 47.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
            Self::Wolof => "wo",
        }
    }
}

words!(Language, "a language");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mailbox_is_one_however_its_address_is_spelt() {
        let mailbox = |address: &str| address.parse::<Email>().unwrap().mailbox();
        for address in ["vi.ctim@gmail.com", "Victim+1@Gmail.com", "v.i.c.t.i.m+x+y@googlemail.com"] {
            assert_eq!(mailbox(address), "victim@gmail.com");
        }
        assert_eq!(mailbox("awa.ndiaye+fete@example.sn"), "awa.ndiaye@example.sn");
        assert_eq!("V.ictim+1@gmail.com".parse::<Contact>().unwrap().reached(), "victim@gmail.com");
        assert_eq!("77 123 45 67".parse::<Contact>().unwrap().reached(), "+221771234567");
    }

    #[test]
    fn an_address_is_known_again_however_it_is_written() {
        let address: Email = " Awa.Ndiaye+Fete@Example.SN ".parse().unwrap();
        assert_eq!(address.reveal(), "awa.ndiaye+fete@example.sn");
        assert_eq!(address, "awa.ndiaye+fete@example.sn".parse().unwrap());
        assert_eq!(address.masked(), "a•••••@example.sn");
        assert_eq!(format!("{address:?}"), "Email(…)");
    }

    #[test]
    fn what_no_mail_can_be_sent_to_is_refused() {
        let long = format!("{}@example.sn", "a".repeat(65));
        for text in [
            "",
            "awa",
            "@example.sn",
            "awa@",
            "awa@example",
            "a wa@example.sn",
            "awa@@example.sn",
            "awa@-x.sn",
            ".awa@example.sn",
            "awa.@example.sn",
            "a..a@example.sn",
            "awa@example..sn",
            "awa\n@example.sn",
            "awa@exämple.sn",
            long.as_str(),
        ] {
            assert_eq!(text.parse::<Email>(), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn a_contact_is_a_phone_or_an_address() {
        assert_eq!("77 123 45 67".parse::<Contact>().unwrap().reveal(), "+221771234567");
        assert_eq!("Awa@example.sn".parse::<Contact>().unwrap().reveal(), "awa@example.sn");
        assert!(matches!("awa".parse::<Contact>(), Err(InvalidContact::Phone(_))));
        assert!(matches!("awa@".parse::<Contact>(), Err(InvalidContact::Email(_))));
    }

    proptest! {
        #[test]
        fn an_address_that_was_read_reads_the_same_again(text in ".{0,80}") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert_eq!(email.reveal().parse::<Email>().unwrap(), email);
            }
        }
    }
}
