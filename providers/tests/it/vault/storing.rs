//! What goes in comes out; nothing is stored twice, too large, in clear, or for others to see.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_lc_rs::digest::{SHA256, digest};
use tokio::io::{AsyncRead, ReadBuf};
use wolo_providers::vault::Side;

use super::*;

#[tokio::test]
async fn a_document_comes_out_as_it_went_in_with_its_hash() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    for length in [0, 1, 65_536, 65_537, 300_000] {
        let (place, content) = (place(), vec![7; length]);
        let stored = put(&vault, &place, &content).await.unwrap();
        assert_eq!(stored.bytes, length as u64);
        assert_eq!(stored.sha256, digest(&SHA256, &content).as_ref());
        let reading = vault.read(&place).await.unwrap().unwrap();
        assert_eq!((reading.bytes, reading.sha256), (stored.bytes, stored.sha256));
        assert_eq!(*reading.whole().await.unwrap(), content);
    }
    // Another process finds it too.
    let (place, content) = (place(), b"card".as_slice());
    put(&vault, &place, content).await.unwrap();
    assert_eq!(read(&*folders.vault().await, &place).await.unwrap().as_deref(), Some(content));
}

#[tokio::test]
async fn what_is_not_there_is_absent_and_no_error() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    assert_eq!(read(&vault, &place()).await, Ok(None));
    let stored = place();
    put(&vault, &stored, b"card").await.unwrap();
    assert_eq!(read(&vault, &of(stored.subject)).await, Ok(None));
    assert_eq!(vault.check().await, Ok(()));
}

#[tokio::test]
async fn storing_it_again_agrees_and_another_in_its_place_is_refused() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let place = place();
    let first = put(&vault, &place, &text(&place)).await.unwrap();
    let before = (files(&folders.documents()), files(&folders.keys()));
    assert_eq!(put(&vault, &place, &text(&place)).await, Ok(first));
    for other in [b"".as_slice(), b"another", &text(&place)[1..]] {
        assert_eq!(put(&vault, &place, other).await, Err(VaultError::Taken));
    }
    assert_eq!(before, (files(&folders.documents()), files(&folders.keys())));
    assert_eq!(read(&vault, &place).await.unwrap().unwrap(), text(&place));
}

#[tokio::test]
async fn nothing_of_it_lies_there_in_clear_or_for_others_to_see() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let place = place();
    put(&vault, &place, &text(&place)).await.unwrap();
    put(&vault, &of(place.subject), &text(&place)).await.unwrap();
    vault.rotate(None, 10).await.unwrap();
    folders.with(&["k2", "k1"]).await.rotate(None, 10).await.unwrap();
    let all = [files(&folders.documents()), files(&folders.keys())].concat();
    assert_eq!(all.len(), 2 + 3);
    for file in all {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(16).any(|part| part == b"this is the card"), "{}", file.display());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        let mut folder = file.parent().unwrap();
        while folder != folders.0.path() {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
            folder = folder.parent().unwrap();
        }
    }
}

#[tokio::test]
async fn a_folder_that_others_could_look_into_is_closed_to_them() {
    let folders = Folders::new();
    fs::create_dir(folders.documents()).unwrap();
    fs::set_permissions(folders.documents(), fs::Permissions::from_mode(0o755)).unwrap();
    folders.vault().await;
    assert_eq!(fs::metadata(folders.documents()).unwrap().permissions().mode() & 0o777, 0o700);
}

/// Never ends, unless by an error after so many bytes.
struct Endless {
    until: Option<u64>,
    given: u64,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.until.is_some_and(|until| self.given > until) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let room = buffer.remaining().min(10_000);
        buffer.put_slice(&vec![1; room]);
        self.given += room as u64;
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn what_is_too_large_or_breaks_off_is_not_stored_and_leaves_nothing() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let place = place();
    let mut endless = Endless { until: None, given: 0 };
    assert_eq!(vault.put(&place, &mut endless).await, Err(VaultError::TooLarge { most: MOST }));
    assert!(endless.given < MOST + 3 * 65_536, "it was read on for nothing");
    for until in [0, 100_000, 1_000_000] {
        let broken = Endless { until: Some(until), given: 0 };
        let error = vault.put(&place, broken).await;
        assert_eq!(error, Err(VaultError::Unread(io::ErrorKind::ConnectionReset)));
    }
    assert_eq!(files(&folders.documents()), Vec::<PathBuf>::new());
    assert_eq!(read(&vault, &place).await, Ok(None));
    let largest = vec![0; usize::try_from(MOST).unwrap()];
    put(&vault, &place, &largest).await.unwrap();
    assert_eq!(read(&vault, &place).await.unwrap().unwrap().len(), largest.len());
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_told_from_a_document_that_is_not_there_and_is_not_named() {
    let folders = Folders::new();
    let vault = folders.vault().await;
    let place = place();
    put(&vault, &place, b"card").await.unwrap();
    for (folder, side) in [(folders.keys(), Side::Keys), (folders.documents(), Side::Documents)] {
        let aside = folders.0.path().join("aside");
        fs::rename(&folder, &aside).unwrap();
        fs::write(&folder, b"not a folder").unwrap();
        for result in [read(&vault, &place).await.err(), put(&vault, &of(place.subject), b"x").await.err()] {
            let error = result.expect("there is no store");
            assert!(matches!(error, VaultError::Unreachable { side: one, .. } if one == side), "{error:?}");
            let shown = format!("{error} {error:?}");
            for hidden in [place.subject.to_string(), place.document.to_string(), "/tmp".to_owned()] {
                assert!(!shown.contains(&hidden), "{shown}");
            }
        }
        assert!(vault.check().await.is_err());
        fs::remove_file(&folder).unwrap();
        assert!(vault.check().await.is_err());
        fs::rename(&aside, &folder).unwrap();
    }
    assert_eq!(vault.check().await, Ok(()));
    assert_eq!(read(&vault, &place).await.unwrap().unwrap(), b"card");
}

#[tokio::test]
async fn addresses_that_are_none_are_refused() {
    for url in ["http://127.0.0.1:9000/bucket", "s3://bucket/prefix", "file://host/folder"] {
        let at = |url: &str| StoreAddress { url: url.parse().unwrap(), s3: None };
        let access = VaultAccess {
            documents: at(url),
            keys: at(url),
            key_encryption_keys: vec![kek("k1")],
            most_bytes: MOST,
        };
        assert!(matches!(Vault::open(access).await.err(), Some(VaultError::Unusable(_))), "{url}");
    }
}
