//! A message on its way, with the address that it goes to.

use serde::{Deserialize, Serialize};

use super::Says;
use crate::contacts::{Contact, Email, Language};

/// What a message says, with the address that it goes to. Personal; it is sealed wherever it lies.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub to: Contact,
    /// Where it goes if that is a phone which cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub or_email: Option<Email>,
    pub language: Language,
    #[serde(flatten)]
    pub says: Says,
}
