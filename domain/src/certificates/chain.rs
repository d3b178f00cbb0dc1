//! The chain of hashes that the seals stand on.

use aws_lc_rs::digest::{Context, SHA256};

use super::keys::SEAL_BYTES;
use crate::ids::PotId;

/// SHA-256.
pub(super) type Hash = [u8; 32];

/// What has been sealed so far, as one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain(Hash);

impl Chain {
    pub(super) fn of(pot: PotId) -> Self {
        Self(hash("wolo certificate 1: pot", &[pot.to_string().as_bytes()]))
    }

    /// What the seal of the next line signs.
    pub(super) fn to_be_sealed(self, body: &str) -> Hash {
        hash("wolo certificate 1: line", &[&self.0, body.as_bytes()])
    }

    /// The chain with a sealed line at its end.
    pub(super) fn after(sealed: &Hash, seal: &[u8; SEAL_BYTES]) -> Self {
        Self(hash("wolo certificate 1: sealed", &[sealed, seal]))
    }
}

/// The labels hold no zero byte, and all parts but the last have one length: no two inputs are written alike.
fn hash(label: &str, parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(label.as_bytes());
    context.update(&[0]);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    let mut hash = Hash::default();
    hash.copy_from_slice(digest.as_ref());
    hash
}
