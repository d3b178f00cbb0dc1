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
