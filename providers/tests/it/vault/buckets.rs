//! The vault on buckets, over HTTP, at a server that speaks S3 and checks its signatures. What a folder has a lock for, a bucket does
//! by conditions: create only if there is nothing, replace only what was read.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use wolo_providers::vault::S3Access;

use super::*;

const OURS: (&str, &str) = ("wolo", "a secret of the bucket");

/// A server with two buckets, and the folder in which it keeps them.
struct Buckets {
    folders: Folders,
    endpoint: Url,
}

impl Buckets {
    async fn new() -> Self {
        let folders = Folders::new();
        for bucket in [folders.documents(), folders.keys()] {
            fs::create_dir(bucket).unwrap();
        }
        let files = s3s_fs::FileSystem::new(folders.0.path()).unwrap();
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(OURS.0, OURS.1));
        let service = service.build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let app = Router::new().fallback(move |request| answer(service.clone(), request));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { folders, endpoint }
    }

    async fn with(&self, ring: &[&str]) -> Vault {
        self.opened(ring, OURS.1).await
    }

    async fn opened(&self, ring: &[&str], secret: &str) -> Vault {
        let at = |bucket: &str| StoreAddress {
            url: Url::parse(&format!("s3://{bucket}/wolo/vault")).unwrap(),
            s3: Some(S3Access {
                endpoint: Some(self.endpoint.clone()),
                region: "af-west-1".to_owned(),
                access_key_id: OURS.0.to_owned(),
                secret_access_key: secret.to_owned().into(),
            }),
        };
        let access = VaultAccess {
            documents: at("documents"),
            keys: at("keys"),
            key_encryption_keys: ring.iter().map(|id| kek(id)).collect(),
            most_bytes: MOST,
        };
        Vault::open(access).await.unwrap()
    }
}

async fn answer(service: S3Service, request: Request) -> Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[tokio::test]
async fn a_document_comes_out_of_a_bucket_as_it_went_in_and_lies_below_its_prefix() {
    let buckets = Buckets::new().await;
    let vault = buckets.with(&["k1"]).await;
    assert_eq!(vault.check().await, Ok(()));
    assert_eq!(read(&vault, &place()).await, Ok(None));
    // The last goes in parts.
    for length in [0, 1, 65_537, 7_000_000] {
        let (place, content) = (place(), vec![7; length]);
        let stored = put(&vault, &place, &content).await.unwrap();
        assert_eq!(stored.bytes, length as u64);
        assert_eq!(read(&vault, &place).await.unwrap().unwrap(), content);
        assert_eq!(put(&vault, &place, &content).await, Ok(stored), "again");
        assert_eq!(put(&vault, &place, b"another").await, Err(VaultError::Taken));
    }
    for (bucket, least) in [(buckets.folders.documents(), 4), (buckets.folders.keys(), 4)] {
        let kept = files(&bucket.join("wolo/vault"));
        assert!(kept.len() >= least, "{kept:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_leaves_nothing_in_a_bucket_not_even_its_parts() {
    let buckets = Buckets::new().await;
    let vault = buckets.with(&["k1"]).await;
    let (place, most) = (place(), usize::try_from(MOST).unwrap());
    put(&vault, &of(place.subject), b"the first of this subject").await.unwrap();
    let before = files(buckets.folders.0.path());
    assert_eq!(put(&vault, &place, &vec![7; most + 1]).await, Err(VaultError::TooLarge { most: MOST }));
    assert_eq!(read(&vault, &place).await, Ok(None));
    let left: Vec<_> =
        files(buckets.folders.0.path()).into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_is_destroyed_in_a_bucket_stays_so_for_a_subject_and_for_a_document() {
    let buckets = Buckets::new().await;
    let vault = buckets.with(&["k1"]).await;
    let (one, neighbour) = (place(), place());
    let another = of(one.subject);
    for place in [&one, &another, &neighbour] {
        put(&vault, place, &text(place)).await.unwrap();
    }
    let backup = buckets.folders.0.path().join("backup");
    copy(&buckets.folders.documents(), &backup);
    vault.destroy_document(&one).await.unwrap();
    assert_eq!(read(&vault, &one).await, Ok(None));
    assert_eq!(read(&vault, &another).await.unwrap().unwrap(), text(&another));
    vault.destroy_subject(one.subject).await.unwrap();
    copy(&backup, &buckets.folders.documents());
    for place in [&one, &another] {
        let found = read(&vault, place).await;
        assert!(!matches!(found, Ok(Some(_))), "{found:?}");
    }
    assert_eq!(read(&vault, &neighbour).await.unwrap().unwrap(), text(&neighbour));
}

#[tokio::test]
async fn keys_in_a_bucket_are_rotated_in_steps() {
    let buckets = Buckets::new().await;
    let before = buckets.with(&["k1"]).await;
    let places: Vec<_> = (0..5).map(|_| place()).collect();
    for place in &places {
        put(&before, place, &text(place)).await.unwrap();
    }
    let both = buckets.with(&["k2", "k1"]).await;
    let mut steps = Vec::new();
    let mut after = None;
    loop {
        let step = both.rotate(after, 2).await.unwrap();
        steps.push((step.rewrapped, step.unreadable));
        after = step.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(steps, [(2, 0), (2, 0), (1, 0)]);
    let after = buckets.with(&["k2"]).await;
    for place in &places {
        assert_eq!(read(&after, place).await.unwrap().unwrap(), text(place));
    }
}

#[tokio::test]
async fn a_bucket_that_refuses_us_is_told_from_a_document_that_is_not_there() {
    let buckets = Buckets::new().await;
    let vault = buckets.opened(&["k1"], "another secret").await;
    let place = place();
    for came in [
        vault.check().await,
        put(&vault, &place, b"card").await.map(drop),
        read(&vault, &place).await.map(drop),
        vault.destroy_subject(place.subject).await,
    ] {
        assert!(matches!(came, Err(VaultError::Unreachable { .. })), "{came:?}");
    }
}
