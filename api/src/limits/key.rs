//! What a caller is counted by: a keyed hash of what they are known by.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// Half a hash is enough to keep callers apart, and says nothing about them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 16]);

/// Follows from the key that signs tokens, which all processes that share a Redis share already. When that key changes,
/// everybody begins with a full measure.
pub(super) fn hashing(signing: &SecretString) -> hmac::Key {
    let signing = hmac::Key::new(hmac::HMAC_SHA256, signing.expose_secret().trim().as_bytes());
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&signing, b"wolo/limits").as_ref())
}

impl Key {
    pub(crate) fn of(hashing: &hmac::Key, kind: &str, value: &[u8]) -> Self {
        let mut context = hmac::Context::with_key(hashing);
        for part in [kind.as_bytes(), &[0], value] {
            context.update(part);
        }
        let hash = context.sign();
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_ref()[..16]);
        Self(half)
    }

    /// As it stands in Redis.
    pub(super) fn text(self) -> String {
        hex::encode(self.0)
    }

    /// One of the 2²⁰ places that a process counts in. The chance that a caller shares it with a certain other one is one
    /// in a million.
    pub(super) fn place(self) -> u32 {
        u32::from_be_bytes([0, self.0[0] & 0x0f, self.0[1], self.0[2]])
    }
}
