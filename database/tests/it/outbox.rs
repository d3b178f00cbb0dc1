use wolo_database::outbox::{Letter, Topic};
use wolo_database::{Context, Error, outbox};

use crate::scene::Scene;

#[tokio::test]
async fn an_event_waits_until_it_was_carried_on() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    scene.confirmed(pot, 1_000).await;
    let waiting = outbox::waiting(&scene.pool, 10).await.expect("a list");
    let topics: Vec<_> = waiting.iter().map(|event| event.topic.as_str()).collect();
    assert_eq!(topics, ["pot_announced", "donation_confirmed"], "in the order of writing");
    assert_eq!(waiting[0].pot, Some(pot));
    assert_eq!(waiting[0].business_key, format!("{pot}/opened"));
    assert_eq!(outbox::waiting(&scene.pool, 1).await.expect("a list"), waiting[..1]);
    for _ in 0..2 {
        outbox::mark_relayed(&scene.pool, waiting[0].id).await.expect("a mark");
    }
    assert_eq!(outbox::waiting(&scene.pool, 10).await.expect("a list"), waiting[1..]);
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
    let waiting = outbox::waiting(&scene.pool, 10).await.expect("a list");
    assert_eq!((waiting[0].user, waiting[0].pot), (Some(user), None));
    assert_eq!(waiting[0].sealed.as_deref(), Some(b"sealed".as_slice()));
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
