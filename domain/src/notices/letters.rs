//! A message on its way, with the address that it goes to.

use serde::{Deserialize, Serialize};

use super::Says;
use crate::contacts::{Contact, Language};

/// What a message says, with the address that it goes to. Personal; it is sealed wherever it lies.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub to: Contact,
    pub language: Language,
    #[serde(flatten)]
    pub says: Says,
}
