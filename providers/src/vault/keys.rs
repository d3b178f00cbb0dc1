//! The three kinds of keys, and how each is wrapped by the one above it.
//!
//! A wrapped key is: eight bytes that say what it is and in which version, the length and the name of the key-encryption
//! key (nothing for a document's key), a random nonce, and the sealed rest. Everything that says what the key is for is
//! authenticated with it and stands nowhere in it.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, RandomizedNonceKey, UnboundKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use uuid::Uuid;

use super::{KeyEncryptionKey, Place, VaultError};

/// AES-256.
const KEY_BYTES: usize = 32;
const SHA256_BYTES: usize = 32;
/// A document's key, the name of its content, its length and its hash.
const DOCUMENT_BYTES: usize = KEY_BYTES + 16 + 8 + SHA256_BYTES;

const SUBJECT_MAGIC: &[u8; 8] = b"WOLOKYS\x01";
const DOCUMENT_MAGIC: &[u8; 8] = b"WOLOKYD\x01";

const SUBJECT_DAMAGED: VaultError = VaultError::Damaged("the key of a subject");
const DOCUMENT_DAMAGED: VaultError = VaultError::Damaged("the key of a document");

/// A key in clear. It is wiped when it goes.
pub(super) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| VaultError::Cipher)?;
        Ok(Self(bytes))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// For a caller that sees to its nonces.
    pub(super) fn cipher(&self) -> Result<LessSafeKey, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, self.0.as_slice()).map_err(|_| VaultError::Cipher)?;
        Ok(LessSafeKey::new(key))
    }

    fn sealing(&self) -> Result<RandomizedNonceKey, VaultError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.as_slice()).map_err(|_| VaultError::Cipher)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_slice(), other.0.as_slice()).is_ok()
    }
}

/// The key-encryption keys that are in use.
pub(super) struct KeyRing(Vec<(String, Arc<RandomizedNonceKey>)>);

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

impl KeyRing {
    pub(super) fn new(keys: &[KeyEncryptionKey]) -> Result<Self, VaultError> {
        let mut ring: Vec<(String, Arc<RandomizedNonceKey>)> = Vec::with_capacity(keys.len());
        for key in keys {
            let named = (1..=32).contains(&key.id.len())
                && key.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !named || ring.iter().any(|(id, _)| *id == key.id) {
                return Err(VaultError::Unusable("a key-encryption key has no name, or that of another"));
            }
            let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.bytes.expose_secret())
                .map_err(|_| VaultError::Unusable("a key-encryption key must have 32 bytes"))?;
            ring.push((key.id.clone(), Arc::new(cipher)));
        }
        if ring.is_empty() {
            return Err(VaultError::Unusable("there is no key-encryption key"));
        }
        Ok(Self(ring))
    }

    /// Wraps with the current key.
    pub(super) fn wrap(&self, subject: Uuid, key: &Key) -> Result<Vec<u8>, VaultError> {
        let (id, cipher) = self.0.first().ok_or(VaultError::Cipher)?;
        seal(cipher, SUBJECT_MAGIC, id, &bound_subject(id, subject), Zeroizing::new(key.0.to_vec()))
    }

    pub(super) fn unwrap(&self, subject: Uuid, wrapped: &[u8]) -> Result<Key, VaultError> {
        let wrapped = Wrapped::read(SUBJECT_MAGIC, wrapped).ok_or(SUBJECT_DAMAGED)?;
        let known = self.0.iter().find(|(id, _)| id == wrapped.id);
        let (id, cipher) = known.ok_or_else(|| VaultError::UnknownKey(wrapped.id.to_owned()))?;
        let plain = open(cipher, &wrapped, &bound_subject(id, subject)).ok_or(SUBJECT_DAMAGED)?;
        Key::read(&plain).ok_or(SUBJECT_DAMAGED)
    }

    /// Whether this was wrapped with the current key.
    pub(super) fn is_current(&self, id: &str) -> bool {
        self.0.first().is_some_and(|(current, _)| current == id)
    }
}

/// The name of the key that wraps this key of a subject, as it stands there: it is authenticated when it is unwrapped.
pub(super) fn wrapped_by(wrapped: &[u8]) -> Result<&str, VaultError> {
    Wrapped::read(SUBJECT_MAGIC, wrapped).map(|wrapped| wrapped.id).ok_or(SUBJECT_DAMAGED)
}

/// A document's key, and what is known of the document without reading it.
pub(super) struct DocumentKey {
    pub(super) key: Key,
    /// The name under which its content lies.
    pub(super) content: Uuid,
    pub(super) bytes: u64,
    pub(super) sha256: [u8; SHA256_BYTES],
}

impl DocumentKey {
    pub(super) fn wrap(&self, place: &Place, subject_key: &Key) -> Result<Vec<u8>, VaultError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(DOCUMENT_BYTES + AES_256_GCM.tag_len()));
        plain.extend_from_slice(self.key.0.as_slice());
        plain.extend_from_slice(self.content.as_bytes());
        plain.extend_from_slice(&self.bytes.to_be_bytes());
        plain.extend_from_slice(&self.sha256);
        seal(&subject_key.sealing()?, DOCUMENT_MAGIC, "", &bound_document(place), plain)
    }

    pub(super) fn unwrap(place: &Place, subject_key: &Key, wrapped: &[u8]) -> Result<Self, VaultError> {
        let wrapped = Wrapped::read(DOCUMENT_MAGIC, wrapped).ok_or(DOCUMENT_DAMAGED)?;
        let plain =
            open(&subject_key.sealing()?, &wrapped, &bound_document(place)).ok_or(DOCUMENT_DAMAGED)?;
        Self::read(&plain).ok_or(DOCUMENT_DAMAGED)
    }

    fn read(plain: &[u8]) -> Option<Self> {
        let (key, rest) = plain.split_at_checked(KEY_BYTES)?;
        let (content, rest) = rest.split_first_chunk()?;
        let (bytes, sha256) = rest.split_first_chunk()?;
        Some(Self {
            key: Key::read(key)?,
            content: Uuid::from_bytes(*content),
            bytes: u64::from_be_bytes(*bytes),
            sha256: sha256.try_into().ok()?,
        })
    }
}

/// A wrapped key, taken apart.
struct Wrapped<'a> {
    id: &'a str,
    nonce: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Wrapped<'a> {
    fn read(magic: &[u8], bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.strip_prefix(magic)?.split_first()?;
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        Some(Self { id: str::from_utf8(id).ok()?, nonce, sealed })
    }
}

fn seal(
    cipher: &RandomizedNonceKey,
    magic: &[u8],
    id: &str,
    bound: &[u8],
    mut plain: Zeroizing<Vec<u8>>,
) -> Result<Vec<u8>, VaultError> {
    let length = u8::try_from(id.len()).map_err(|_| VaultError::Cipher)?;
    let tag_and_nonce =
        cipher.seal_in_place_separate_tag(Aad::from(bound), &mut plain).map_err(|_| VaultError::Cipher)?;
    let (nonce, tag) = tag_and_nonce;
    Ok([magic, &[length], id.as_bytes(), nonce.as_ref().as_slice(), &plain, tag.as_ref()].concat())
}

fn open(cipher: &RandomizedNonceKey, wrapped: &Wrapped<'_>, bound: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce = Nonce::try_assume_unique_for_key(wrapped.nonce).ok()?;
    let mut plain = Zeroizing::new(wrapped.sealed.to_vec());
    let length = cipher.open_in_place(nonce, Aad::from(bound), &mut plain).ok()?.len();
    plain.truncate(length);
    Some(plain)
}

fn bound_subject(id: &str, subject: Uuid) -> Vec<u8> {
    bound(&[SUBJECT_MAGIC, id.as_bytes(), subject.as_bytes()])
}

fn bound_document(place: &Place) -> Vec<u8> {
    bound(&[DOCUMENT_MAGIC, place.subject.as_bytes(), place.document.as_bytes(), place.kind.as_bytes()])
}

/// Parts one after another, each after its length, so that no two lists of parts are one text.
pub(super) fn bound(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
