//! Named keys, and what is sealed with them: AES-256-GCM, a random nonce each time.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretSlice};

use super::CodecError;

/// AES-256.
const KEY_BYTES: usize = 32;

/// A named key for payloads.
#[derive(Clone)]
pub struct PayloadKey {
    id: String,
    bytes: SecretSlice<u8>,
}

impl fmt::Debug for PayloadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadKey({})", self.id)
    }
}

/// Why a text is not a payload key. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadKeyError {
    #[error("must be an id, a colon and base64")]
    Shape,
    #[error("its id must be 1 to 32 letters, digits, - or _")]
    Id,
    #[error("must be base64 of exactly 32 bytes")]
    Bytes,
}

impl PayloadKey {
    /// Reads `id:base64 of 32 bytes`.
    pub fn parse(text: &str) -> Result<Self, PayloadKeyError> {
        let (id, encoded) = text.split_once(':').ok_or(PayloadKeyError::Shape)?;
        let named = (1..=32).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !named {
            return Err(PayloadKeyError::Id);
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| PayloadKeyError::Bytes)?;
        if bytes.len() != KEY_BYTES {
            return Err(PayloadKeyError::Bytes);
        }
        Ok(Self { id: id.to_owned(), bytes: SecretSlice::from(bytes) })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// For keys of another use that are written the same way.
    pub(crate) fn into_parts(self) -> (String, SecretSlice<u8>) {
        (self.id, self.bytes)
    }
}

/// The keys that are in use: the first seals, all of them open. Cheap to clone.
#[derive(Clone)]
pub(crate) struct KeyRing(Arc<[(String, RandomizedNonceKey)]>);

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl KeyRing {
    pub(crate) fn new(keys: &[PayloadKey]) -> Result<Self, CodecError> {
        let keys = keys
            .iter()
            .map(|key| {
                let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.bytes.expose_secret());
                cipher.map(|cipher| (key.id.clone(), cipher)).map_err(|_| CodecError::NoKey)
            })
            .collect::<Result<Arc<[_]>, _>>()?;
        if keys.is_empty() { Err(CodecError::NoKey) } else { Ok(Self(keys)) }
    }

    /// The id of the key, and the nonce, the ciphertext and its tag. `bind` says what is authenticated with it, given the
    /// key's id.
    pub(crate) fn seal(
        &self,
        mut plain: Vec<u8>,
        bind: impl Fn(&str) -> String,
    ) -> Result<(&str, Vec<u8>), CodecError> {
        let (id, key) = self.0.first().ok_or(CodecError::NoKey)?;
        let nonce = key
            .seal_in_place_append_tag(Aad::from(bind(id)), &mut plain)
            .map_err(|_| CodecError::Encryption)?;
        Ok((id, [nonce.as_ref().as_slice(), &plain].concat()))
    }

    /// What was sealed with this key and bound to the same thing.
    pub(crate) fn open(
        &self,
        id: &[u8],
        sealed: &[u8],
        bind: impl Fn(&str) -> String,
    ) -> Result<Zeroizing<Vec<u8>>, CodecError> {
        let (id, key) =
            self.0.iter().find(|(known, _)| known.as_bytes() == id).ok_or(CodecError::UnknownKey)?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(CodecError::Tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CodecError::Tampered)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let opened = key.open_in_place(nonce, Aad::from(bind(id)), &mut plain);
        let length = opened.map_err(|_| CodecError::Tampered)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}
