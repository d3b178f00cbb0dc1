use wolo_database::{Error, outbox};

use crate::scene::Scene;

#[tokio::test]
async fn an_event_waits_until_it_was_carried_on() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    scene.confirmed(pot, 1_000).await;
    let waiting = outbox::waiting(&scene.pool, 10).await.expect("a list");
    let topics: Vec<_> = waiting.iter().map(|event| event.topic.as_str()).collect();
    assert_eq!(topics, ["pot_announced", "donation_confirmed"], "in the order of writing");
    assert_eq!(waiting[0].pot, pot);
    assert_eq!(waiting[0].business_key, format!("{pot}/opened"));
    assert_eq!(outbox::waiting(&scene.pool, 1).await.expect("a list"), waiting[..1]);
    for _ in 0..2 {
        outbox::mark_relayed(&scene.pool, waiting[0].id).await.expect("a mark");
    }
    assert_eq!(outbox::waiting(&scene.pool, 10).await.expect("a list"), waiting[1..]);
    let missing = outbox::mark_relayed(&scene.pool, uuid::Uuid::max()).await;
    assert!(matches!(missing, Err(Error::Missing { .. })));
}
