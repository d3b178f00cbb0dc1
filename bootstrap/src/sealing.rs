//! Seals small things that lie in our own database and are nobody's business there: a one-time code on its way, the secret
//! of a second factor.
//!
//! AES-256-GCM under the keys that also encrypt what processes carry; the id of the key and what the thing is about are
//! authenticated with it, so nothing sealed for one place opens in another.

use secrecy::zeroize::Zeroizing;

use crate::codec::{CodecError, KeyRing, PayloadKey};

/// Closes with the first key, opens with all of them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seal {
    keys: KeyRing,
}

impl Seal {
    pub fn new(keys: &[PayloadKey]) -> Result<Self, CodecError> {
        Ok(Self { keys: KeyRing::new(keys)? })
    }

    /// Seals something about something: the length and the text of the key's id stand before it.
    pub fn close(&self, about: &str, plain: &[u8]) -> Result<Vec<u8>, CodecError> {
        let (id, sealed) = self.keys.seal(plain.to_vec(), |id| bound(id, about))?;
        let length = u8::try_from(id.len()).map_err(|_| CodecError::Encryption)?;
        Ok([&[length], id.as_bytes(), &sealed].concat())
    }

    /// Opens what was sealed about the same thing.
    pub fn open(&self, about: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CodecError> {
        let (&length, rest) = sealed.split_first().ok_or(CodecError::Tampered)?;
        let (id, rest) = rest.split_at_checked(length.into()).ok_or(CodecError::Tampered)?;
        self.keys.open(id, rest, |id| bound(id, about))
    }
}

/// An id has no line break in it, so the two cannot run into each other.
fn bound(id: &str, about: &str) -> String {
    format!("{id}\n{about}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> PayloadKey {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        PayloadKey::parse(&format!("{id}:{bytes}")).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_under_an_older_key_too_and_only_about_the_same_thing() {
        let old = Seal::new(&[key("old", 1)]).unwrap();
        let sealed = old.close("a letter", b"123456").unwrap();
        let rotated = Seal::new(&[key("new", 2), key("old", 1)]).unwrap();
        assert_eq!(*rotated.open("a letter", &sealed).unwrap(), b"123456");
        assert_eq!(rotated.open("another letter", &sealed).unwrap_err(), CodecError::Tampered);
        let gone = Seal::new(&[key("new", 2)]).unwrap();
        assert_eq!(gone.open("a letter", &sealed).unwrap_err(), CodecError::UnknownKey);
        assert_ne!(sealed, old.close("a letter", b"123456").unwrap(), "a nonce is used once");
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_noticed() {
        let seal = Seal::new(&[key("k", 1)]).unwrap();
        let sealed = seal.close("x", b"secret").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(seal.open("x", &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(seal.open("x", &sealed[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn without_a_key_there_is_no_seal() {
        assert_eq!(Seal::new(&[]).unwrap_err(), CodecError::NoKey);
    }
}
