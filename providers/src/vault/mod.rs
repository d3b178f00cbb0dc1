//! The vault of documents: identity papers, each encrypted with a key of its own before it touches a disk.
//!
//! ```text
//! key-encryption key (settings) ──wraps──► subject's key ──wraps──► document's key ──encrypts──► segments of 64 KiB
//!                                          keys: subjects/<subject>  keys: documents/<subject>/<document>
//!                                                                    documents: <subject>/<document>/<content>
//! ```
//!
//! Documents and keys lie in two stores that are set up apart, so that a backup of documents alone cannot be read, and
//! destroying a subject's key destroys every document of theirs in every backup at once. Backups of the keys must
//! therefore not outlive the time in which an erasure has to be done.
//!
//! What is written is authenticated with the place that it is for: a file or a key at another subject, document or kind
//! is refused, like one that was changed, cut, lengthened or put together from others. A document is there from the
//! moment at which its key is, which is one write; what an interrupted writer leaves has no key and is nothing.
//!
//! What this refuses: to overwrite a document with another, to give out a byte that has not been verified, to bring a
//! destroyed key back, and to say in an error where something lies or what is in it. It knows no case, no reviewer and no
//! audit trail; who may look is decided before it is asked. Keys that a process has forgotten to destroy are not its
//! concern either.

mod container;
mod copying;
mod destroying;
mod error;
mod keys;
mod places;
mod reading;
mod rotation;
mod store;
#[cfg(test)]
mod tests;
mod writing;

use secrecy::SecretSlice;
use uuid::Uuid;

pub use copying::{Copied, Mirrored};
pub use error::{Side, VaultError};
pub use reading::Reading;
pub use rotation::{Rotated, Standing};
pub use store::{S3Access, StoreAddress};
pub use writing::Stored;

use keys::{Key, KeyRing};
use places::{document_key_of, subject_key_of};
use store::Store;

/// Where a document belongs. All of it is authenticated with the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose it is. Destroying a subject destroys all that is theirs.
    pub subject: Uuid,
    pub document: Uuid,
    /// What it is, a short name that never changes: it is read with the same one.
    pub kind: &'static str,
}

/// What a vault needs to be opened.
pub struct VaultAccess {
    pub documents: StoreAddress,
    pub keys: StoreAddress,
    /// The first wraps, all unwrap.
    pub key_encryption_keys: Vec<KeyEncryptionKey>,
    /// Largest document, in bytes.
    pub most_bytes: u64,
}

/// A key that wraps the keys of subjects, by the name that is written beside what it wraps.
#[derive(Clone)]
pub struct KeyEncryptionKey {
    /// 1 to 32 letters, digits, `-` or `_`. A name that has been given to a key is never given to another.
    pub id: String,
    /// 32 bytes.
    pub bytes: SecretSlice<u8>,
}

/// The vault. It holds no document and no unwrapped key but while one is asked for.
pub struct Vault {
    documents: Store,
    keys: Store,
    ring: KeyRing,
    most_bytes: u64,
}

impl Vault {
    /// Opens both stores; a folder is made if there is none, for its owner alone.
    pub async fn open(access: VaultAccess) -> Result<Self, VaultError> {
        Ok(Self {
            documents: Store::open(Side::Documents, access.documents).await?,
            keys: Store::open(Side::Keys, access.keys).await?,
            ring: KeyRing::new(&access.key_encryption_keys)?,
            most_bytes: access.most_bytes,
        })
    }

    /// Whether both stores answer.
    pub async fn check(&self) -> Result<(), VaultError> {
        self.documents.check().await?;
        self.keys.check().await
    }

    /// The subject's key; `None` when there is none, or none any more.
    async fn subject_key(&self, subject: Uuid) -> Result<Option<Key>, VaultError> {
        let wrapped = self.keys.get(&subject_key_of(subject)).await?;
        wrapped.map(|wrapped| self.ring.unwrap(subject, &wrapped.bytes)).transpose()
    }

    /// The document's key, and what was written down with it.
    async fn document_key(
        &self,
        place: &Place,
        subject_key: &Key,
    ) -> Result<Option<keys::DocumentKey>, VaultError> {
        let wrapped = self.keys.get(&document_key_of(place.subject, place.document)).await?;
        wrapped.map(|wrapped| keys::DocumentKey::unwrap(place, subject_key, &wrapped.bytes)).transpose()
    }
}
