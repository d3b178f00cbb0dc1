//! The vault of documents, as the settings have it.

use wolo_bootstrap::settings;
use wolo_providers::vault::{KeyEncryptionKey, S3Access, StoreAddress, Vault, VaultAccess, VaultError};

/// Opens it.
pub async fn open(settings: &settings::Vault) -> Result<Vault, VaultError> {
    let key = |(id, bytes): &(String, _)| KeyEncryptionKey { id: id.clone(), bytes: Clone::clone(bytes) };
    let access = VaultAccess {
        documents: address(&settings.documents),
        keys: address(&settings.keys),
        key_encryption_keys: settings.key_encryption_keys.iter().map(key).collect(),
        most_bytes: settings.document_limit_bytes,
    };
    Vault::open(access).await
}

fn address(store: &settings::VaultStore) -> StoreAddress {
    let s3 = store.bucket.as_ref().map(|bucket| S3Access {
        endpoint: bucket.endpoint.clone(),
        region: bucket.region.clone(),
        access_key_id: bucket.access_key_id.clone(),
        secret_access_key: bucket.secret_access_key.clone(),
    });
    StoreAddress { url: store.address.clone(), s3 }
}
