//! The vault: where it is, and that no secret of it is shown.

use super::*;

const KEY: &str = "k2026:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=";
const FOLDERS: [(&str, &str); 3] = [
    ("vault.key_encryption_keys", KEY),
    ("vault.documents.address", "file:///srv/wolo/documents"),
    ("vault.keys.address", "file:///mnt/keys"),
];
const BUCKET: [(&str, &str); 4] = [
    ("vault.keys.address", "s3://wolo-keys/production"),
    ("vault.keys.region", "eu-west-3"),
    ("vault.keys.access_key_id", "AKIA"),
    ("vault.keys.secret_access_key", "s3cret-bucket"),
];

#[test]
fn there_is_a_vault_for_development_and_none_without_a_key() {
    let vault = development(&[]).unwrap().vault.unwrap();
    assert_eq!(vault.key_encryption_keys[0].0, "development");
    assert_eq!(vault.document_limit_bytes, 10 * 1024 * 1024);
    assert!(development(&[("vault.key_encryption_keys", "")]).unwrap().vault.is_none());
    assert!(production(&[]).unwrap().vault.is_none());
    // Nothing of one that is off has to be right.
    assert!(production(&[("vault.keys.address", "anywhere")]).unwrap().vault.is_none());
}

#[test]
fn production_has_folders_or_buckets_of_its_own() {
    let vault = production(&FOLDERS).unwrap().vault.unwrap();
    assert_eq!(vault.documents.address.path(), "/srv/wolo/documents");
    assert!(vault.documents.bucket.is_none());

    let settings = [&FOLDERS[..], &BUCKET].concat();
    let vault = production(&settings).unwrap().vault.unwrap();
    let bucket = vault.keys.bucket.as_ref().unwrap();
    assert_eq!((bucket.region.as_str(), bucket.endpoint.as_ref()), ("eu-west-3", None));
    assert!(!format!("{vault:?}").contains("s3cret"));
    assert!(!format!("{vault:?}").contains("QUJD"));

    let local = [&settings[..], &[("vault.keys.endpoint", "http://127.0.0.1:9000")]].concat();
    assert_eq!(
        problems(production(&local)),
        ["vault.keys.endpoint: must not be on this machine: production never talks to a sandbox"]
    );
    assert_eq!(
        problems(development(&settings)),
        ["vault.keys.endpoint: must be on this machine: development never talks to a real provider"]
    );
    assert!(development(&local).unwrap().vault.unwrap().keys.bucket.unwrap().endpoint.is_some());
}

#[test]
fn production_refuses_the_key_that_everybody_knows_wherever_it_stands_in_the_ring() {
    let known = "development:d29sby1kZXZlbG9wbWVudC12YXVsdC1ub3RzZWNyZXQ=";
    let mut settings = FOLDERS;
    let ring = format!("{KEY},{known}");
    settings[0].1 = &ring;
    assert_eq!(
        problems(production(&settings)),
        ["vault.key_encryption_keys: holds the development key, which production refuses"]
    );
}

#[test]
fn what_is_wrong_with_a_vault_is_said_in_words_at_its_key() {
    let twice = format!("{KEY},{KEY}");
    for (key, value, expected) in [
        (
            "vault.key_encryption_keys",
            twice.as_str(),
            "vault.key_encryption_keys: has two keys of the same id",
        ),
        (
            "vault.key_encryption_keys",
            "k1:AAAA",
            "vault.key_encryption_keys: key 1: must be base64 of exactly 32 bytes",
        ),
        (
            "vault.document_limit_bytes",
            "10485761",
            "vault.document_limit_bytes: must be a whole number from 1024 to 10485760",
        ),
        ("vault.cleaning_seconds", "0", "vault.cleaning_seconds: must be a whole number from 1 to 120"),
        ("vault.cleaning_at_once", "0", "vault.cleaning_at_once: must be a whole number from 1 to 64"),
    ] {
        let mut shown = problems(development(&[(key, value)]));
        shown.truncate(1);
        assert_eq!(shown, [expected], "{value}");
    }
    for wrong in [
        "/srv/documents",
        "file:///",
        "http://bucket",
        "s3:///prefix",
        "s3://user:s3cret@bucket",
        "s3://b?x=1",
    ] {
        assert_eq!(
            problems(development(&[("vault.documents.address", wrong)])),
            ["vault.documents.address: must be file:///folder or s3://bucket/prefix"],
            "{wrong}"
        );
    }
    for lacking in 1..BUCKET.len() {
        let mut settings = BUCKET.to_vec();
        settings.remove(lacking);
        assert_eq!(
            problems(development(&settings)),
            ["vault.keys.address: is a bucket, which needs region, access_key_id and secret_access_key"]
        );
    }
}

#[test]
fn keys_do_not_lie_where_documents_lie() {
    let at = |documents: &str, keys: &str| {
        problems(development(&[("vault.documents.address", documents), ("vault.keys.address", keys)]))
    };
    let wrong = ["vault.keys.address: must not be where documents are, nor around it, nor in it"];
    assert_eq!(at("file:///srv/wolo", "file:///srv/wolo"), wrong);
    assert_eq!(at("file:///srv/wolo", "file:///srv/wolo/"), wrong);
    assert_eq!(at("file:///srv/wolo", "file:///srv/wolo/keys"), wrong);
    assert_eq!(at("file:///srv/wolo/documents", "file:///srv/wolo"), wrong);
    assert_eq!(at("file:///srv/wolo", "file:///srv/wolo-keys"), Vec::<String>::new());
}
