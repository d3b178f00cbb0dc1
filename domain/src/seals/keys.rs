//! The keys that seal, and those that tell whether a seal is theirs.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use thiserror::Error;

use super::chain::Hash;

pub(crate) const SEAL_BYTES: usize = 64;
const KEY_BYTES: usize = 32;

/// Why something is not a key. It never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("this is not an Ed25519 private key in PKCS#8")]
    NotPrivate,
    #[error("this is neither a set of keys (JWKS) nor 64 hexadecimal digits")]
    NotPublic,
    #[error("there is no Ed25519 key in this set")]
    Empty,
}

/// The key that seals, under the name that its public half is published with. Cheap to clone.
#[derive(Clone)]
pub struct SealingKey {
    id: String,
    pair: Arc<Ed25519KeyPair>,
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

impl SealingKey {
    pub fn from_pkcs8(id: impl Into<String>, der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| KeyError::NotPrivate)?;
        Ok(Self { id: id.into(), pair: Arc::new(pair) })
    }

    /// The key that 32 bytes make, whatever they are.
    pub fn from_seed(id: impl Into<String>, seed: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::NotPrivate)?;
        Ok(Self { id: id.into(), pair: Arc::new(pair) })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// The same seal for the same hash, always.
    pub(crate) fn seal(&self, sealed: &Hash) -> [u8; SEAL_BYTES] {
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(self.pair.sign(sealed).as_ref());
        seal
    }
}

/// The public half of a key that seals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    pub const fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    pub const fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// As a certificate and a set of keys have it: the base64 of addresses, without padding.
    pub(crate) fn read(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    pub(crate) fn has_sealed(&self, sealed: &Hash, seal: &[u8; SEAL_BYTES]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(sealed, seal).is_ok()
    }
}

/// The base64 of addresses, without padding.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// A public key, and its name where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    pub id: Option<String>,
    pub key: PublicKey,
}

/// What we read of a set of keys (RFC 7517, RFC 8037); keys of other kinds are passed over.
#[derive(Deserialize)]
struct Set {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    x: Option<String>,
}

/// Reads what somebody gives as the keys they trust: a JWKS document, or one key as 64 hexadecimal digits.
pub fn read_keys(text: &str) -> Result<Vec<NamedKey>, KeyError> {
    let text = text.trim();
    if text.len() == 2 * KEY_BYTES
        && let Ok(bytes) = hex::decode(text)
        && let Ok(bytes) = bytes.try_into()
    {
        return Ok(vec![NamedKey { id: None, key: PublicKey(bytes) }]);
    }
    let set: Set = serde_json::from_str(text).map_err(|_| KeyError::NotPublic)?;
    let ours = set.keys.into_iter().filter(|key| key.kty == "OKP" && key.crv.as_deref() == Some("Ed25519"));
    let keys: Vec<_> = ours
        .filter_map(|entry| Some(NamedKey { key: PublicKey::read(entry.x.as_deref()?)?, id: entry.kid }))
        .collect();
    if keys.is_empty() { Err(KeyError::Empty) } else { Ok(keys) }
}
