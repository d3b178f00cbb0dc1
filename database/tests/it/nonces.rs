//! Signing in with another provider's word: each proof counts once, and an account is made for whoever has none.

use chrono::TimeDelta;
use futures::future::join_all;
use uuid::Uuid;
use wolo_database::accounts::{self, Adding, NewAccount, identities, nonces};
use wolo_database::{Context, Error};
use wolo_domain::contacts::Language;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use crate::accounts::at_the_gate;
use crate::scene::Scene;

#[tokio::test]
async fn a_nonce_is_used_once_in_time_and_only_if_it_was_given_out() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let given = async |hash: &[u8]| {
        at_the_gate!(&api, |tx| nonces::give(&mut tx, hash, TimeDelta::minutes(10))).expect("a nonce");
    };
    let use_up =
        async |hash: &[u8]| at_the_gate!(&api, |tx| nonces::use_up(&mut tx, hash)).expect("an answer");
    given(b"a").await;
    let used = join_all((0..64).map(|_| use_up(b"a"))).await;
    assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
    assert!(!use_up(b"nobody's").await);

    // What is taken back with its transaction was not used.
    given(b"b").await;
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    assert!(nonces::use_up(&mut tx, b"b").await.expect("an answer"));
    drop(tx);
    assert!(use_up(b"b").await);

    given(b"late").await;
    scene
        .force("update people.sign_in_nonces set expires_at = clock_timestamp() - interval '1 second'")
        .await;
    assert!(!use_up(b"late").await);
    given(b"c").await;
    let left: i64 = scene.read("select count(*) from people.sign_in_nonces").await;
    assert_eq!(left, 1, "what has expired is swept away");
}

#[tokio::test]
async fn a_token_that_nobody_gave_out_is_taken_once_while_it_would_be_good() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let take = async |hash: &[u8]| {
        at_the_gate!(&api, |tx| nonces::take_once(&mut tx, hash, TimeDelta::days(60))).expect("an answer")
    };
    let taken = join_all((0..64).map(|_| take(b"a"))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    // A nonce is not a token, and a token no nonce.
    assert!(!at_the_gate!(&api, |tx| nonces::use_up(&mut tx, b"a")).expect("an answer"));
    let mut tx = Context::visitor().begin(&api).await.expect("a transaction");
    let stranger = nonces::give(&mut tx, b"b", TimeDelta::minutes(1)).await.expect_err("not at the gate");
    assert!(
        matches!(&stranger, Error::Broken(fault) if fault.code.as_deref() == Some("42501")),
        "{stranger:?}"
    );
}

#[tokio::test]
async fn an_account_is_made_with_an_address_that_nobody_has() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let new = |name: &str| NewAccount {
        id: UserId::from_uuid(Uuid::now_v7()),
        name: name.to_owned(),
        birth_date: BirthDate::new("1990-03-20".parse().expect("a day")),
        email: Some("awa@example.sn".parse().expect("an address")),
        language: Language::Wolof,
    };
    let awa = new("Awa");
    assert_eq!(at_the_gate!(&api, |tx| accounts::add(&mut tx, &awa)).expect("an answer"), Adding::Added);
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    assert_eq!(accounts::add(&mut tx, &new("Another")).await.expect("an answer"), Adding::Taken);
    drop(tx);
    let mut tx = Context::gate().begin(&api).await.expect("a transaction");
    let account = accounts::account(&mut *tx, awa.id).await.expect("a look").expect("an account");
    assert_eq!((account.name.as_str(), account.language, account.phone), ("Awa", Language::Wolof, None));
    assert!(!identities::is_known_by(&mut tx, awa.id, "google").await.expect("a look"));
    assert!(identities::link(&mut tx, awa.id, "google", "1").await.expect("an answer"));
    assert!(identities::is_known_by(&mut tx, awa.id, "google").await.expect("a look"));
    assert!(!identities::is_known_by(&mut tx, awa.id, "apple").await.expect("a look"));
}
