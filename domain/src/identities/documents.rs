//! What a case knows of a document: everything but what it shows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::DocumentId;
use crate::words::words;

/// Whom a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The one whose case it is: a minor, or somebody of age.
    Person,
    /// The guardian of the minor whose case it is.
    Guardian,
}

impl Party {
    pub const ALL: [Self; 2] = [Self::Person, Self::Guardian];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Guardian => "guardian",
        }
    }
}

words!(Party, "a party of an identity case");

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    IdentityCard,
    Passport,
    BirthCertificate,
    /// What shows that somebody is a minor's guardian.
    Guardianship,
}

impl DocumentKind {
    pub const ALL: [Self; 4] =
        [Self::IdentityCard, Self::Passport, Self::BirthCertificate, Self::Guardianship];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdentityCard => "identity_card",
            Self::Passport => "passport",
            Self::BirthCertificate => "birth_certificate",
            Self::Guardianship => "guardianship",
        }
    }
}

words!(DocumentKind, "a kind of document");

/// As what the cleaned content is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    Jpeg,
    Png,
}

impl Media {
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }
}

words!(Media, "a type of document");

/// SHA-256 of the content that is kept, which is what reviewers see. Written in 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the hash of a document is 64 small hexadecimal digits")]
pub struct InvalidHash;

impl ContentHash {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

impl FromStr for ContentHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidHash)?;
        let hash = Self(bytes);
        // One content has one name.
        if hash.to_string() == text { Ok(hash) } else { Err(InvalidHash) }
    }
}

impl TryFrom<String> for ContentHash {
    type Error = InvalidHash;

    fn try_from(text: String) -> Result<Self, InvalidHash> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

/// A document that stands encrypted in the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub id: DocumentId,
    pub party: Party,
    pub kind: DocumentKind,
    pub sha256: ContentHash,
    /// Of the content, not of what stands encrypted.
    pub bytes: u64,
    pub pages: u32,
    pub media: Media,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for party in Party::ALL {
            assert_eq!(party.as_str().parse(), Ok(party));
            assert_eq!(serde_json::to_value(party).unwrap(), party.as_str());
        }
        for kind in DocumentKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for media in Media::ALL {
            assert_eq!(media.as_str().parse(), Ok(media));
            assert_eq!(serde_json::to_value(media).unwrap(), media.as_str());
        }
    }

    #[test]
    fn a_content_has_one_hash_and_the_hash_one_form() {
        let hash = ContentHash::new([0xab; 32]);
        assert_eq!(hash.to_string(), "ab".repeat(32));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(serde_json::from_str::<ContentHash>(&json).unwrap(), hash);
        for text in [String::new(), "ab".repeat(31), "AB".repeat(32), "zz".repeat(32), "ab".repeat(33)] {
            assert_eq!(text.parse::<ContentHash>(), Err(InvalidHash), "{text}");
        }
    }
}
