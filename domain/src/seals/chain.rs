//! The chain of hashes that the seals stand on.

use aws_lc_rs::digest::{Context, SHA256};

use super::keys::SEAL_BYTES;

/// SHA-256.
pub(crate) type Hash = [u8; 32];

/// What has been sealed so far, as one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// What its labels begin with.
    name: &'static str,
    hash: Hash,
}

impl Chain {
    /// A chain that begins. All parts but the last have one length.
    pub(crate) fn of(name: &'static str, subject: &str, parts: &[&[u8]]) -> Self {
        Self { name, hash: hash(name, subject, parts) }
    }

    /// A chain that goes on from where somebody has kept it.
    pub(crate) const fn at(name: &'static str, hash: Hash) -> Self {
        Self { name, hash }
    }

    pub(crate) const fn hash(self) -> Hash {
        self.hash
    }

    /// What the seal of the next line signs.
    pub(crate) fn to_be_sealed(self, line: &str) -> Hash {
        hash(self.name, "line", &[&self.hash, line.as_bytes()])
    }

    /// The chain with a sealed line at its end.
    pub(crate) fn after(self, sealed: &Hash, seal: &[u8; SEAL_BYTES]) -> Self {
        Self { hash: hash(self.name, "sealed", &[sealed, seal]), ..self }
    }
}

/// The labels hold no zero byte, and all parts but the last have one length: no two inputs are written alike.
fn hash(name: &str, what: &str, parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(name.as_bytes());
    context.update(b": ");
    context.update(what.as_bytes());
    context.update(&[0]);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    let mut hash = Hash::default();
    hash.copy_from_slice(digest.as_ref());
    hash
}
