use wolo_database::outbox::{Letter, Topic};
use wolo_database::{Context, Error, outbox};

use crate::scene::Scene;

async fn write(scene: &Scene, letter: Letter<'_>) {
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::visitor().begin(&api).await.expect("a transaction");
    outbox::write_letter(&mut tx, letter).await.expect("a letter");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn letters_wait_in_their_order_until_they_were_carried_on() {
    let scene = Scene::new().await;
    // An event is no letter: nobody's name stands in it, and nobody is waiting for it at an address.
    scene.open().await;
    for key in ["code/1", "code/2", "code/3"] {
        let payload = serde_json::json!({});
        let letter = Letter { topic: Topic::OneTimeCode, key, user: None, payload, sealed: key.as_bytes() };
        write(&scene, letter).await;
    }
    let waiting = outbox::letters(&scene.pool, 10).await.expect("a list");
    let keys: Vec<_> = waiting.iter().map(|letter| letter.key.as_str()).collect();
    assert_eq!(keys, ["code/1", "code/2", "code/3"], "in the order of writing");
    assert_eq!(waiting[0].sealed, b"code/1");
    assert_eq!(outbox::letters(&scene.pool, 1).await.expect("a list"), waiting[..1]);
    for _ in 0..2 {
        outbox::mark_relayed(&scene.pool, waiting[0].id).await.expect("a mark");
    }
    assert_eq!(outbox::letters(&scene.pool, 10).await.expect("a list"), waiting[1..]);
    let missing = outbox::mark_relayed(&scene.pool, uuid::Uuid::max()).await;
    assert!(matches!(missing, Err(Error::Missing { .. })));
}

#[tokio::test]
async fn a_letter_is_written_by_the_api_and_its_seal_ends_with_its_journey() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    let letter = Letter {
        topic: Topic::OneTimeCode,
        key: "code/1",
        user: Some(user),
        payload: serde_json::json!({ "language": "fr" }),
        sealed: b"sealed",
    };
    let mut tx = Context::user(user).begin(&api).await.expect("a transaction");
    outbox::write_letter(&mut tx, letter.clone()).await.expect("a letter");
    tx.commit().await.expect("a commit");
    let waiting = outbox::letters(&scene.pool, 10).await.expect("a list");
    assert_eq!((waiting[0].key.as_str(), waiting[0].sealed.as_slice()), ("code/1", b"sealed".as_slice()));
    let to: uuid::Uuid = scene.read("select user_id from ops.outbox").await;
    assert_eq!(to, user.uuid());
    outbox::mark_relayed(&scene.pool, waiting[0].id).await.expect("a mark");
    let kept: i64 = scene.read("select count(*) from ops.outbox where sealed is not null").await;
    assert_eq!(kept, 0);
    // One key is one letter, and nobody writes who has not said who they are.
    let mut tx = Context::user(user).begin(&api).await.expect("a transaction");
    let again = outbox::write_letter(&mut tx, letter.clone()).await;
    assert!(matches!(again, Err(Error::Conflict { rule }) if rule == "outbox_says_it_once"));
    let mut silent = api.begin().await.expect("a transaction");
    let refused = outbox::write_letter(&mut silent, Letter { key: "code/2", ..letter }).await;
    assert!(matches!(refused, Err(Error::Broken(fault)) if fault.code.as_deref() == Some("42501")));
}
