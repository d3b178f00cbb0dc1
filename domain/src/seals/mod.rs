//! Seals: Ed25519 signatures on a chain of lines, each of which stands on everything before it.
//!
//! ```text
//! h(0) = SHA-256("NAME: SUBJECT" ‖ 0 ‖ what the chain is about)
//! s(i) = SHA-256("NAME: line" ‖ 0 ‖ h(i-1) ‖ line i)
//! seal = Ed25519(s(i))
//! h(i) = SHA-256("NAME: sealed" ‖ 0 ‖ s(i) ‖ seal)
//! ```
//!
//! A hash alone could be computed anew by a forger, and then only the last line would not fit. With a seal on each line
//! the first wrong one has a number: up to there the seals fit, from there on none does. For the same reason one seal, the
//! last, proves a whole chain, and the first wrong line is found by halving.
//!
//! Certificates and the audit trail are made of them, under names of their own, so that neither can be taken for the other.

mod chain;
mod keys;

pub(crate) use chain::{Chain, Hash};
pub(crate) use keys::SEAL_BYTES;
pub use keys::{KeyError, NamedKey, PublicKey, SealingKey, read_keys};

/// A seal.
pub(crate) type Seal = [u8; SEAL_BYTES];

/// What a seal signs, the seal, and the key that it should be of.
pub(crate) struct Sealed {
    pub(crate) hash: Hash,
    pub(crate) seal: Seal,
    pub(crate) key: PublicKey,
}

impl Sealed {
    pub(crate) fn fits(&self) -> bool {
        self.key.has_sealed(&self.hash, &self.seal)
    }
}

/// Counting from zero, the first of a chain's seals that does not fit.
pub(crate) fn first_bad(seals: &[Sealed]) -> Option<usize> {
    if seals.last().is_none_or(Sealed::fits) { None } else { Some(seals.partition_point(Sealed::fits)) }
}
