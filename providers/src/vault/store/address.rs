//! Where a store is.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::super::{Side, VaultError};
use super::folder::Folder;

/// For one call to a bucket as a whole, and for its connection.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);

/// A store's address: `file:///folder`, or `s3://bucket/prefix` with access to it.
#[derive(Debug, Clone)]
pub struct StoreAddress {
    pub url: Url,
    /// For a bucket; a folder needs none.
    pub s3: Option<S3Access>,
}

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub struct S3Access {
    /// Absent: Amazon's own.
    pub endpoint: Option<Url>,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
}

pub(super) async fn open(
    side: Side,
    address: StoreAddress,
) -> Result<(Arc<dyn ObjectStore>, Option<Folder>), VaultError> {
    match (address.url.scheme(), address.s3) {
        ("file", _) => {
            let root = address.url.to_file_path();
            let root = root.map_err(|()| VaultError::Unusable("a folder of the vault has no full path"))?;
            let folder = Folder::open(root).await.map_err(|error| VaultError::io(side, &error))?;
            // Synced to disk before it counts as written: a document's key may be the only one.
            let objects = LocalFileSystem::new_with_prefix(folder.root())
                .map_err(|error| VaultError::unreachable(side, &error))?
                .with_fsync(true);
            Ok((Arc::new(objects), Some(folder)))
        }
        ("s3", Some(access)) => Ok((bucket(side, &address.url, &access)?, None)),
        ("s3", None) => Err(VaultError::Unusable("a bucket of the vault needs credentials")),
        _ => {
            Err(VaultError::Unusable("an address of the vault must be file:///folder or s3://bucket/prefix"))
        }
    }
}

fn bucket(side: Side, url: &Url, access: &S3Access) -> Result<Arc<dyn ObjectStore>, VaultError> {
    let bucket = url.host_str().ok_or(VaultError::Unusable("an address of the vault names no bucket"))?;
    let client = ClientOptions::new().with_timeout(TIMEOUT).with_connect_timeout(CONNECT);
    let once = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&access.region)
        .with_access_key_id(&access.access_key_id)
        .with_secret_access_key(access.secret_access_key.expose_secret())
        .with_client_options(client)
        .with_retry(once);
    if let Some(endpoint) = &access.endpoint {
        builder = builder
            .with_allow_http(endpoint.scheme() == "http")
            .with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    let objects = builder.build().map_err(|error| VaultError::unreachable(side, &error))?;
    let prefix = Path::from_url_path(url.path())
        .map_err(|_| VaultError::Unusable("a prefix of the vault is not a path"))?;
    Ok(if prefix.as_ref().is_empty() {
        Arc::new(objects)
    } else {
        Arc::new(PrefixStore::new(objects, prefix))
    })
}
