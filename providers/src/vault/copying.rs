//! Copies of the two stores, and the way back.
//!
//! Documents may be copied as often as anybody likes: without their keys they are noise. Keys must not, because a key that was
//! destroyed is destroyed when the last copy of it is. So of the keys there is one copy, which is made to be what they are now
//! ([`Vault::mirror_keys`]) and forgets what they have forgotten; and keys come back only to where there are none at all
//! ([`Vault::bring_back_keys`]): a store of keys that is there knows best which of them should be. A store to which they have begun to
//! come back is marked until they all have, so that whoever was interrupted can go on, and no copy takes it for all that there is.

use aws_lc_rs::digest::{SHA256, digest};
use object_store::path::Path;

use super::places::{all_keys, coming_back, key_of_content};
use super::store::Store;
use super::{Side, StoreAddress, Vault, VaultError};

/// A file of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub path: String,
    pub bytes: u64,
    /// SHA-256.
    pub hash: Vec<u8>,
}

/// What became of the copy of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mirrored {
    pub keys: u64,
    /// Those that had been destroyed since it was made the last time.
    pub forgotten: u64,
}

impl Vault {
    /// Writes every document, encrypted as it is, to another place; what is there already is left.
    pub async fn copy_documents(&self, to: StoreAddress) -> Result<Vec<Copied>, VaultError> {
        let copy = Store::open(Side::Documents, to).await?;
        let mut copied = Vec::new();
        for path in contents(&self.documents).await? {
            // One that was destroyed a moment ago is in no copy.
            let Some(document) = self.documents.get(&path).await? else { continue };
            let bytes = document.bytes;
            copied.push(Copied {
                path: path.to_string(),
                bytes: bytes.len() as u64,
                hash: digest(&SHA256, &bytes).as_ref().to_vec(),
            });
            copy.create(&path, bytes.to_vec()).await?;
        }
        Ok(copied)
    }

    /// Makes another place hold the keys that there are now and no others: `None`, and nothing is done, where this store has none
    /// of what the other has, or not all of it yet. Its keys were lost, and the copy is all that is left of them.
    pub async fn mirror_keys(&self, to: StoreAddress) -> Result<Option<Mirrored>, VaultError> {
        let copy = Store::open(Side::Keys, to).await?;
        let (ours, had) = (keys(&self.keys).await?, keys(&copy).await?);
        if ours.is_empty() && !had.is_empty() || self.keys.exists(&coming_back()).await? {
            return Ok(None);
        }
        let mut mirrored = Mirrored { keys: 0, forgotten: 0 };
        for path in had {
            if !self.keys.exists(&path).await? {
                copy.delete(&path).await?;
                mirrored.forgotten += 1;
            }
        }
        for path in ours {
            let Some(key) = self.keys.get(&path).await? else { continue };
            mirrored.keys += 1;
            // One that was taken over to another key-encryption key, or made anew, is another key.
            match copy.get(&path).await? {
                Some(had) if had.bytes == key.bytes => {}
                Some(had) => {
                    copy.replace(&path, had, key.bytes.to_vec()).await?;
                }
                None => {
                    copy.create(&path, key.bytes.to_vec()).await?;
                }
            }
        }
        Ok(Some(mirrored))
    }

    /// Brings keys back from such a copy, and answers how many were missing. `None`, and nothing is done, where the store has keys and
    /// the copy has others: put beside them, those could read what was destroyed.
    pub async fn bring_back_keys(&self, from: StoreAddress) -> Result<Option<u64>, VaultError> {
        let copy = Store::open(Side::Keys, from).await?;
        let mut missing = Vec::new();
        for path in keys(&copy).await? {
            let Some(key) = copy.get(&path).await? else { continue };
            match self.keys.get(&path).await? {
                Some(ours) if ours.bytes == key.bytes => {}
                Some(_) => return Ok(None),
                None => missing.push((path, key.bytes)),
            }
        }
        if !missing.is_empty() && !self.keys.exists(&coming_back()).await? {
            if !keys(&self.keys).await?.is_empty() {
                return Ok(None);
            }
            self.keys.create(&coming_back(), Vec::new()).await?;
        }
        let mut brought = 0;
        for (path, key) in missing {
            brought += u64::from(self.keys.create(&path, key.to_vec()).await?);
        }
        self.keys.delete(&coming_back()).await?;
        Ok(Some(brought))
    }

    /// Brings those documents back that are missing and have a key; all others were destroyed, and stay so.
    pub async fn bring_back_documents(&self, from: StoreAddress) -> Result<u64, VaultError> {
        let copy = Store::open(Side::Documents, from).await?;
        let mut brought = 0;
        for path in contents(&copy).await? {
            let Some(key) = key_of_content(&path) else { continue };
            if !self.keys.exists(&key).await? || self.documents.exists(&path).await? {
                continue;
            }
            let Some(document) = copy.get(&path).await? else { continue };
            brought += u64::from(self.documents.create(&path, document.bytes.to_vec()).await?);
        }
        Ok(brought)
    }
}

/// Where documents lie; a folder has things of its own beside them.
async fn contents(store: &Store) -> Result<Vec<Path>, VaultError> {
    let mut paths = store.list(&Path::default(), None, usize::MAX).await?;
    paths.retain(|path| key_of_content(path).is_some());
    Ok(paths)
}

async fn keys(store: &Store) -> Result<Vec<Path>, VaultError> {
    let mut paths = Vec::new();
    for kind in all_keys() {
        paths.extend(store.list(&kind, None, usize::MAX).await?);
    }
    Ok(paths)
}
