//! The vault on real folders: what is stored, moved behind its back, rotated, destroyed, and raced for.

mod buckets;
mod copying;
mod destroying;
mod figures;
mod moving;
mod races;
mod rotating;
mod storing;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretSlice;
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;
use wolo_providers::vault::{KeyEncryptionKey, Place, StoreAddress, Stored, Vault, VaultAccess, VaultError};

const MOST: u64 = 10 * 1024 * 1024;

/// Two folders, and vaults on them.
struct Folders(TempDir);

impl Folders {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn documents(&self) -> PathBuf {
        self.0.path().join("documents")
    }

    fn keys(&self) -> PathBuf {
        self.0.path().join("keys")
    }

    /// One with this ring; the first wraps.
    async fn with(&self, ring: &[&str]) -> Arc<Vault> {
        Arc::new(opened(&self.documents(), &self.keys(), ring).await.unwrap())
    }

    async fn vault(&self) -> Arc<Vault> {
        self.with(&["k1"]).await
    }
}

async fn opened(documents: &Path, keys: &Path, ring: &[&str]) -> Result<Vault, VaultError> {
    let at = |folder: &Path| StoreAddress { url: Url::from_file_path(folder).unwrap(), s3: None };
    Vault::open(VaultAccess {
        documents: at(documents),
        keys: at(keys),
        key_encryption_keys: ring.iter().map(|id| kek(id)).collect(),
        most_bytes: MOST,
    })
    .await
}

/// Another for each name.
fn kek(id: &str) -> KeyEncryptionKey {
    let mut bytes = id.as_bytes().to_vec();
    bytes.resize(32, b'.');
    KeyEncryptionKey { id: id.to_owned(), bytes: SecretSlice::from(bytes) }
}

fn place() -> Place {
    of(Uuid::new_v4())
}

/// Another document of this subject.
fn of(subject: Uuid) -> Place {
    Place { subject, document: Uuid::new_v4(), kind: "identity_card" }
}

/// A text that can be told from every other, and is longer than a segment.
fn text(place: &Place) -> Vec<u8> {
    let line = format!("this is the card {} of {}\n", place.document, place.subject);
    line.repeat(1_500).into_bytes()
}

async fn put(vault: &Vault, place: &Place, content: &[u8]) -> Result<Stored, VaultError> {
    vault.put(place, content).await
}

async fn read(vault: &Vault, place: &Place) -> Result<Option<Vec<u8>>, VaultError> {
    match vault.read(place).await? {
        Some(reading) => Ok(Some(reading.whole().await?.to_vec())),
        None => Ok(None),
    }
}

/// Every file below, but for the lock.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().unwrap() != ".lock" {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
