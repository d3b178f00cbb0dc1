//! Who consents, to what, and how it is known that it was they.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::ConsentText;
use crate::contacts::{Email, Language};
use crate::people::Phone;
use crate::words::words;

/// Whom a minor has named. Personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardian {
    pub name: String,
    /// The link and the code go there, and so does the money.
    pub phone: Phone,
    /// Where the link goes when the phone cannot be reached.
    #[serde(default)]
    pub email: Option<Email>,
    pub is: Guardianship,
    pub language: Language,
}

impl fmt::Debug for Guardian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guardian(…)")
    }
}

/// What a guardian is to the minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guardianship {
    Mother,
    Father,
    /// A court or a family council has said so.
    LegalGuardian,
    Grandparent,
    Relative,
    Other,
}

impl Guardianship {
    pub const ALL: [Self; 6] =
        [Self::Mother, Self::Father, Self::LegalGuardian, Self::Grandparent, Self::Relative, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mother => "mother",
            Self::Father => "father",
            Self::LegalGuardian => "legal_guardian",
            Self::Grandparent => "grandparent",
            Self::Relative => "relative",
            Self::Other => "other",
        }
    }
}

words!(Guardianship, "what a guardian is to a minor");

/// What consent is given for. A pot needs all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The pot is shown to whoever it is meant for, and takes gifts.
    Pot,
    /// Documents of the minor and of the guardian are looked at.
    IdentityCheck,
    /// The money goes to the guardian's Wave number.
    Payout,
    /// Both are told what happens.
    Messages,
}

impl Purpose {
    pub const ALL: [Self; 4] = [Self::Pot, Self::IdentityCheck, Self::Payout, Self::Messages];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pot => "pot",
            Self::IdentityCheck => "identity_check",
            Self::Payout => "payout",
            Self::Messages => "messages",
        }
    }
}

words!(Purpose, "a purpose of a consent");

/// Whether a pot can be had for these. Half a consent would be none.
pub fn covers_a_pot(purposes: &[Purpose]) -> bool {
    Purpose::ALL.iter().all(|purpose| purposes.contains(purpose))
}

/// How it is known that it was the guardian: a code came to where the request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    CodeBySms,
    #[serde(rename = "code_by_whatsapp")]
    CodeByWhatsApp,
    CodeByEmail,
}

impl Proof {
    pub const ALL: [Self; 3] = [Self::CodeBySms, Self::CodeByWhatsApp, Self::CodeByEmail];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeBySms => "code_by_sms",
            Self::CodeByWhatsApp => "code_by_whatsapp",
            Self::CodeByEmail => "code_by_email",
        }
    }
}

words!(Proof, "a proof of who consents");

/// What kind of address somebody came from. The address itself is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressClass {
    Ipv4,
    Ipv6,
    /// A network of one's own, or this machine.
    Private,
    Unknown,
}

impl AddressClass {
    pub const ALL: [Self; 4] = [Self::Ipv4, Self::Ipv6, Self::Private, Self::Unknown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Private => "private",
            Self::Unknown => "unknown",
        }
    }

    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            address if address.is_unspecified() => Self::Unknown,
            IpAddr::V4(v4) if v4.is_private() || v4.is_loopback() || v4.is_link_local() => Self::Private,
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() => {
                Self::Private
            }
            IpAddr::V4(_) => Self::Ipv4,
            IpAddr::V6(_) => Self::Ipv6,
        }
    }
}

words!(AddressClass, "a class of addresses");

/// What somebody had before their eyes when they agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// As [`ConsentText::id`] has it.
    pub text: String,
    /// In hexadecimal digits.
    pub hash: String,
    pub language: Language,
}

impl Shown {
    pub fn of(text: &ConsentText) -> Self {
        Self { text: text.id.to_owned(), hash: text.hash(), language: text.language }
    }

    /// Whether that is a text of ours, word for word.
    pub fn is_ours(&self) -> bool {
        ConsentText::find(&self.text, self.language).is_some_and(|text| text.hash() == self.hash)
    }
}

/// To what a guardian agreed, and how it is known that it was they.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub shown: Shown,
    pub purposes: Vec<Purpose>,
    pub proof: Proof,
    pub address: AddressClass,
}

/// What is kept of the secret in a guardian's link.
pub fn token_hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        macro_rules! all {
            ($($kind:ty),*) => {$(
                for one in <$kind>::ALL {
                    assert_eq!(one.as_str().parse(), Ok(one));
                    assert_eq!(serde_json::to_value(one).unwrap(), one.as_str());
                }
            )*};
        }
        all!(Guardianship, Purpose, Proof, AddressClass);
    }

    #[test]
    fn half_a_consent_is_none() {
        assert!(covers_a_pot(&Purpose::ALL));
        for left_out in Purpose::ALL {
            let rest: Vec<_> = Purpose::ALL.into_iter().filter(|purpose| *purpose != left_out).collect();
            assert!(!covers_a_pot(&rest), "without {left_out}");
        }
    }

    #[test]
    fn of_an_address_no_more_than_its_kind_is_known() {
        for (address, class) in [
            ("41.82.0.1", AddressClass::Ipv4),
            ("::ffff:41.82.0.1", AddressClass::Ipv4),
            ("2001:db8::1", AddressClass::Ipv6),
            ("10.1.2.3", AddressClass::Private),
            ("127.0.0.1", AddressClass::Private),
            ("::1", AddressClass::Private),
            ("fd00::1", AddressClass::Private),
            ("0.0.0.0", AddressClass::Unknown),
        ] {
            assert_eq!(AddressClass::of(address.parse().unwrap()), class, "{address}");
        }
    }

    #[test]
    fn only_a_text_of_ours_word_for_word_counts_as_shown() {
        let shown = Shown::of(&ConsentText::current(Language::Wolof));
        assert_eq!(shown.language, Language::French, "what was really shown");
        assert!(shown.is_ours());
        assert!(!Shown { hash: "00".repeat(32), ..shown.clone() }.is_ours());
        assert!(!Shown { language: Language::English, ..shown.clone() }.is_ours());
        assert!(!Shown { text: "consent-0".to_owned(), ..shown }.is_ours());
    }

    #[test]
    fn a_guardian_does_not_show_in_debug_and_a_token_is_known_by_its_hash() {
        let guardian = Guardian {
            name: "Fatou Ndiaye".to_owned(),
            phone: "+221771234567".parse().unwrap(),
            email: None,
            is: Guardianship::Mother,
            language: Language::French,
        };
        assert_eq!(format!("{guardian:?}"), "Guardian(…)");
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(token_hash("abc")), known);
    }
}
