//! Where identity documents and their keys lie, and what wraps the keys.
//!
//! A process without a key-encryption key has no vault: whoever only looks at pots has no use for one.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::{SecretSlice, SecretString};
use url::Url;

use super::Mode;
use super::checks::{is_loopback, not_the_default, seconds};
use super::providers::provider_url;
use super::reader::Reader;
use crate::codec::PayloadKey;

#[derive(Debug, Clone)]
pub struct Vault {
    /// At least one; the first wraps, all unwrap. By their names; 32 bytes each.
    pub key_encryption_keys: Vec<(String, SecretSlice<u8>)>,
    pub documents: VaultStore,
    pub keys: VaultStore,
    pub document_limit_bytes: u64,
    pub cleaning: Duration,
    pub cleaning_at_once: usize,
    /// With its arguments; empty: the process itself, once more.
    pub cleaning_program: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct VaultStore {
    /// `file` with a full path, or `s3` with a bucket and perhaps a prefix.
    pub address: Url,
    /// Of a bucket.
    pub bucket: Option<Bucket>,
}

/// How a bucket is reached.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Absent: Amazon's own.
    pub endpoint: Option<Url>,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretString,
}

const KEYS: &str = "vault.key_encryption_keys";

/// `None` where there is no vault, or where problems were noted.
pub(super) fn vault(reader: &mut Reader, mode: Mode) -> Option<Vault> {
    let key_encryption_keys = key_encryption_keys(reader, mode);
    let is_on = !key_encryption_keys.is_empty();
    let documents = store(reader, mode, "documents", is_on);
    let keys = store(reader, mode, "keys", is_on);
    if let (true, Some(documents), Some(keys)) = (is_on, &documents, &keys)
        && (within(&documents.address, &keys.address) || within(&keys.address, &documents.address))
    {
        reader.problem("vault.keys.address", "must not be where documents are, nor around it, nor in it");
    }
    let document_limit_bytes = reader.number("vault.document_limit_bytes", &(1024..=10_485_760));
    let cleaning = seconds(reader, "vault.cleaning_seconds", 120);
    let cleaning_at_once = reader.number("vault.cleaning_at_once", &(1..=64));
    let cleaning_program = reader.list("vault.cleaning_program");
    if !is_on {
        return None;
    }
    Some(Vault {
        key_encryption_keys,
        documents: documents?,
        keys: keys?,
        document_limit_bytes,
        cleaning,
        cleaning_at_once,
        cleaning_program,
    })
}

/// They are written as payload keys are.
fn key_encryption_keys(reader: &mut Reader, mode: Mode) -> Vec<(String, SecretSlice<u8>)> {
    let mut ids = BTreeSet::new();
    let mut keys = Vec::new();
    for (place, text) in reader.secret_list(KEYS).iter().enumerate() {
        match PayloadKey::parse(text).map(PayloadKey::into_parts) {
            Ok((id, key)) if ids.insert(id.clone()) => keys.push((id, key)),
            Ok(_) => reader.problem(KEYS, "has two keys of the same id"),
            Err(error) => reader.problem(KEYS, format_args!("key {}: {error}", place + 1)),
        }
    }
    if mode == Mode::Production && ids.contains("development") {
        reader.problem(KEYS, "holds the development key, which production refuses");
    }
    keys
}

/// A store of a vault that is off may be anywhere: nobody goes there.
fn store(reader: &mut Reader, mode: Mode, name: &str, is_on: bool) -> Option<VaultStore> {
    let key = |last: &str| format!("vault.{name}.{last}");
    let address = key("address");
    let text = reader.text(&address);
    let endpoint = key("endpoint");
    let elsewhere = !reader.text(&endpoint).is_empty();
    let region = reader.text(&key("region"));
    let access_key_id = reader.text(&key("access_key_id"));
    let secret_access_key = reader.secret(&key("secret_access_key"));
    if !is_on {
        return None;
    }
    let Some(url) = Url::parse(&text).ok().filter(is_address) else {
        reader.problem(&address, "must be file:///folder or s3://bucket/prefix");
        return None;
    };
    not_the_default(reader, mode, &address);
    if url.scheme() == "file" {
        return Some(VaultStore { address: url, bucket: None });
    }
    let given = !region.is_empty() && !access_key_id.is_empty();
    let (true, Some(secret_access_key)) = (given, secret_access_key) else {
        reader.problem(&address, "is a bucket, which needs region, access_key_id and secret_access_key");
        return None;
    };
    let endpoint = if elsewhere {
        Some(provider_url(reader, mode, &endpoint)?)
    } else if mode == Mode::Development {
        reader.problem(&endpoint, "must be on this machine: development never talks to a real provider");
        return None;
    } else {
        None
    };
    let bucket = Bucket { endpoint, region, access_key_id, secret_access_key };
    Some(VaultStore { address: url, bucket: Some(bucket) })
}

fn is_address(url: &Url) -> bool {
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let shaped = match url.scheme() {
        "file" => !url.has_host() && url.path().len() > 1,
        "s3" => url.has_host() && !is_loopback(url),
        _ => false,
    };
    plain && shaped
}

/// Whether all that lies in the first lies in the second too.
fn within(inner: &Url, outer: &Url) -> bool {
    let parts = |url: &Url| {
        let path = url.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned);
        path.collect::<Vec<_>>()
    };
    inner.scheme() == outer.scheme()
        && inner.host_str() == outer.host_str()
        && parts(inner).starts_with(&parts(outer))
}
