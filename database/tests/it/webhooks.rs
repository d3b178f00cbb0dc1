use wolo_database::Error;
use wolo_database::webhooks::{self, PAYMENT_FAILED, Receipt, Webhook};

use crate::scene::Scene;

fn failed<'a>(event_id: &'a str, subject: &'a str) -> Webhook<'a> {
    Webhook { provider: "wave", event_id, kind: PAYMENT_FAILED, subject: Some(subject), raw: b"{\"id\":1}" }
}

#[tokio::test]
async fn an_event_is_kept_once_however_often_it_comes() {
    let scene = Scene::new().await;
    let receive = async || webhooks::receive(&scene.pool, failed("EV_1", "don_1")).await.expect("a receipt");
    assert_eq!(receive().await, Receipt::First);
    assert_eq!(receive().await, Receipt::Again { handled: false });
    assert_eq!(webhooks::unhandled(&scene.pool, 5).await.expect("a list").len(), 1);
    for _ in 0..2 {
        webhooks::mark_handled(&scene.pool, "wave", "EV_1").await.expect("a mark");
    }
    assert_eq!(receive().await, Receipt::Again { handled: true });
    assert_eq!(webhooks::unhandled(&scene.pool, 5).await.expect("a list"), []);
    assert_eq!(scene.read::<i32>("select deliveries from ops.webhook_inbox").await, 3);
    assert_eq!(scene.read::<Vec<u8>>("select raw from ops.webhook_inbox").await, b"{\"id\":1}");
    let missing = webhooks::mark_handled(&scene.pool, "wave", "EV_2").await;
    assert!(matches!(missing, Err(Error::Missing { .. })));
}

#[tokio::test]
async fn failed_attempts_are_counted_by_event() {
    let scene = Scene::new().await;
    for event in ["EV_1", "EV_1", "EV_2"] {
        webhooks::receive(&scene.pool, failed(event, "don_1")).await.expect("a receipt");
    }
    webhooks::receive(&scene.pool, failed("EV_3", "don_2")).await.expect("a receipt");
    let completed = Webhook { kind: "checkout.session.completed", ..failed("EV_4", "don_1") };
    webhooks::receive(&scene.pool, completed).await.expect("a receipt");
    assert_eq!(webhooks::failed_attempts(&scene.pool, "don_1").await.expect("a count"), 2);
    assert_eq!(webhooks::failed_attempts(&scene.pool, "don_9").await.expect("a count"), 0);
}

#[tokio::test]
async fn events_that_come_together_are_answered_each_for_itself() {
    let scene = Scene::new().await;
    webhooks::receive(&scene.pool, failed("EV_2", "don_1")).await.expect("a receipt");
    let other = Webhook { raw: b"{}", subject: None, ..failed("EV_1", "don_1") };
    webhooks::receive(&scene.pool, Webhook { subject: None, ..failed("EV_1", "don_1") })
        .await
        .expect("a receipt");
    let together = [failed("EV_3", "don_3"), failed("EV_2", "don_1"), other];
    let receipts = webhooks::receive_all(&scene.pool, &together).await.expect("receipts");
    assert_eq!(receipts, [Receipt::First, Receipt::Again { handled: false }, Receipt::OtherBytes]);
    assert_eq!(webhooks::receive_all(&scene.pool, &[]).await.expect("nothing"), []);
}

/// Two doors hear the same storm, each in an order of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn storms_of_the_same_events_do_not_lock_each_other_out() {
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..64).map(|number| format!("EV_{number}")).collect();
    let storm = |backwards: bool| {
        let (pool, mut ids) = (scene.pool.clone(), ids.clone());
        if backwards {
            ids.reverse();
        }
        async move {
            let events: Vec<_> = ids.iter().map(|id| failed(id, "don_1")).collect();
            for _ in 0..20 {
                webhooks::receive_all(&pool, &events).await.expect("receipts");
                let marks = ids.iter().map(|id| webhooks::mark_handled(&pool, "wave", id));
                futures::future::try_join_all(marks).await.expect("marks");
            }
        }
    };
    let storms = (0..8).map(|number| tokio::spawn(storm(number % 2 == 0)));
    for storm in futures::future::join_all(storms).await {
        storm.expect("nobody waits for ever");
    }
    let counted: i64 = scene.read("select sum(deliveries) from ops.webhook_inbox").await;
    assert_eq!(counted, 64 * 20 * 8);
}
