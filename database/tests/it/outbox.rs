use chrono::TimeDelta;
use wolo_database::outbox::{self, Letter, Topic, Way};
use wolo_database::{Context, Error};

use crate::scene::Scene;

const HELD: TimeDelta = TimeDelta::minutes(1);

async fn write(scene: &Scene, letter: Letter<'_>) {
    let api = scene.pool_as("wolo_api").await;
    let mut tx = Context::visitor().begin(&api).await.expect("a transaction");
    outbox::write_letter(&mut tx, letter).await.expect("a letter");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn events_are_taken_in_their_order_each_by_one_until_they_were_carried_on() {
    let scene = Scene::new().await;
    for key in ["code/1", "code/2", "code/3"] {
        write(&scene, Letter { key, user: None, sealed: key.as_bytes() }).await;
    }
    let taken = outbox::take(&scene.pool, Way::Prompt, 2, HELD).await.expect("events");
    let mut keys: Vec<_> = taken.iter().map(|event| event.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["code/1", "code/2"], "the oldest");
    assert!(
        taken.iter().all(
            |event| event.topic == Topic::Letter && event.sealed.as_deref() == Some(event.key.as_bytes())
        )
    );
    // Another one gets what is left, and nobody the same.
    let (one, other) = tokio::join!(
        outbox::take(&scene.pool, Way::Prompt, 10, HELD),
        outbox::take(&scene.pool, Way::Prompt, 10, HELD)
    );
    let rest: Vec<_> = one.expect("events").into_iter().chain(other.expect("events")).collect();
    assert_eq!(rest.iter().map(|event| event.key.as_str()).collect::<Vec<_>>(), ["code/3"]);
    for _ in 0..2 {
        outbox::mark_relayed(&scene.pool, &[taken[0].id]).await.expect("a mark");
    }
    // Who took the others has died: when their time is over they are there again.
    scene.force("update ops.outbox set taken_until = clock_timestamp()").await;
    let again = outbox::take(&scene.pool, Way::Prompt, 10, HELD).await.expect("events");
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|event| event.id != taken[0].id));
}

#[tokio::test]
async fn a_code_does_not_wait_behind_what_pots_announce() {
    let scene = Scene::new().await;
    scene.open().await;
    write(&scene, Letter { key: "code/1", user: None, sealed: b"sealed" }).await;
    let prompt = outbox::take(&scene.pool, Way::Prompt, 1, HELD).await.expect("events");
    assert_eq!(prompt.iter().map(|event| event.key.as_str()).collect::<Vec<_>>(), ["code/1"]);
    let announced = outbox::take(&scene.pool, Way::Announcements, 10, HELD).await.expect("events");
    assert_eq!(announced.len(), 1, "it is open");
    assert!(announced.iter().all(|event| event.topic == Topic::PotAnnounced));
    assert_eq!(outbox::take(&scene.pool, Way::Prompt, 10, HELD).await.expect("events"), []);
}

#[tokio::test]
async fn every_topic_goes_the_way_that_the_index_has_it_on() {
    let scene = Scene::new().await;
    for topic in Topic::ALL {
        scene
            .force(&format!(
                "insert into ops.outbox (outbox_id, topic, business_key, payload)
                 values (gen_random_uuid(), '{topic}', 'x', '{{}}')"
            ))
            .await;
    }
    let mut taken = 0;
    for way in [Way::Prompt, Way::Announcements] {
        let events = outbox::take(&scene.pool, way, 100, HELD).await.expect("events");
        assert!(events.iter().all(|event| event.topic.way() == way));
        taken += events.len();
    }
    assert_eq!(taken, Topic::ALL.len());
}

#[tokio::test]
async fn what_a_later_release_has_written_is_left_for_it_and_stops_nothing() {
    let scene = Scene::new().await;
    scene
        .force("insert into ops.outbox (outbox_id, topic, business_key, payload) values (gen_random_uuid(), 'tomorrow', 'x', '{}')")
        .await;
    write(&scene, Letter { key: "code/1", user: None, sealed: b"sealed" }).await;
    let taken = outbox::take(&scene.pool, Way::Prompt, 1, HELD).await.expect("events");
    assert_eq!(taken.iter().map(|event| event.key.as_str()).collect::<Vec<_>>(), ["code/1"]);
    let left: i64 = scene
        .read("select count(*) from ops.outbox where topic = 'tomorrow' and relayed_at is null and taken_until is null")
        .await;
    assert_eq!(left, 1);
}

#[tokio::test]
async fn a_letter_is_written_by_the_api_and_its_seal_ends_with_its_journey() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let user = scene.person().await.id;
    let letter = Letter { key: "code/1", user: Some(user), sealed: b"sealed" };
    let mut tx = Context::user(user).begin(&api).await.expect("a transaction");
    outbox::write_letter(&mut tx, letter.clone()).await.expect("a letter");
    tx.commit().await.expect("a commit");
    let waiting = outbox::take(&scene.pool, Way::Prompt, 10, HELD).await.expect("a list");
    assert_eq!(
        (waiting[0].key.as_str(), waiting[0].sealed.as_deref()),
        ("code/1", Some(b"sealed".as_slice()))
    );
    assert_eq!(waiting[0].user, Some(user));
    let to: uuid::Uuid = scene.read("select user_id from ops.outbox").await;
    assert_eq!(to, user.uuid());
    outbox::mark_relayed(&scene.pool, &[waiting[0].id]).await.expect("a mark");
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
