//! The sealed word of how far the trail reached at some hour. It is one line of text, to be kept elsewhere.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use thiserror::Error;

use super::Head;
use super::line::Place;
use crate::seals::{Chain, Hash, NamedKey, Seal, SealingKey};

const NAME: &str = "wolo audit checkpoint 1";
/// What the text begins with.
const BEGINNING: &str = "wolo-audit-1";

/// `wolo-audit-1 2026-11-26/17 HASH 2026-11-26T15:00:00Z KEY SEAL`, hash and seal in the base64 of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub place: Place,
    pub hash: Hash,
    pub at: DateTime<Utc>,
    pub key_id: String,
    seal: Seal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    #[error("this is not a checkpoint of the audit trail")]
    NotACheckpoint,
    #[error("the seal of this checkpoint is of none of the keys")]
    Seal,
}

impl Checkpoint {
    /// The word of whoever has the key. Times are cut to seconds.
    pub fn of(head: &Head, at: DateTime<Utc>, key: &SealingKey) -> Self {
        let (place, hash) = (head.place, head.hash);
        let seal = key.seal(&said(place, &hash, at));
        Self { place, hash, at, key_id: key.id().to_owned(), seal }
    }

    /// Whether it was sealed by the key of its name, or by one that has none.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Seal`].
    pub fn believe(&self, keys: &[NamedKey]) -> Result<(), CheckpointError> {
        let said = said(self.place, &self.hash, self.at);
        let fits = |named: &NamedKey| {
            named.id.as_ref().is_none_or(|id| *id == self.key_id) && named.key.has_sealed(&said, &self.seal)
        };
        if keys.iter().any(fits) { Ok(()) } else { Err(CheckpointError::Seal) }
    }
}

fn said(place: Place, hash: &Hash, at: DateTime<Utc>) -> Hash {
    Chain::of(NAME, "head", &[hash, format!("{place} {}", seconds(at)).as_bytes()]).hash()
}

fn seconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, hash, at, key_id, seal } = self;
        let (hash, seal) = (URL_SAFE_NO_PAD.encode(hash), URL_SAFE_NO_PAD.encode(seal));
        write!(f, "{BEGINNING} {place} {hash} {} {key_id} {seal}", seconds(*at))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        read(text).ok_or(CheckpointError::NotACheckpoint)
    }
}

fn read(text: &str) -> Option<Checkpoint> {
    let words: Vec<_> = text.trim().split(' ').collect();
    let [BEGINNING, place, hash, at, key_id, seal] = words.as_slice() else { return None };
    Some(Checkpoint {
        place: place.parse().ok()?,
        hash: URL_SAFE_NO_PAD.decode(hash).ok()?.try_into().ok()?,
        at: at.parse().ok()?,
        key_id: (*key_id).to_owned(),
        seal: URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?,
    })
}
