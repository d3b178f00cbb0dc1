//! What is forgotten when its time is over, and what is only counted.

use wolo_database::audit;
use wolo_database::retention::{self, Forget, Gone, Overdue};

use crate::scene::{Scene, at};

#[tokio::test]
async fn answers_visits_histories_and_the_words_of_providers_go_when_their_time_is_over_and_what_waits_stays()
{
    let scene = Scene::new().await;
    scene
        .force(
            "insert into ops.idempotency_keys (scope, key, fingerprint, subject, claimed_at)
                 values ('x', 'old', 'f', 's', '2031-01-01'), ('x', 'young', 'f', 's', '2031-02-20');
             insert into ops.webhook_inbox (provider, event_id, kind, raw, handled_at)
                 values ('wave', 'old', 'x', 'words', '2030-11-01'), ('wave', 'young', 'x', 'words', '2031-02-01'),
                        ('wave', 'waiting', 'x', 'words', null);
             insert into notices.heard (provider, event_id, heard_at)
                 values ('twilio', 'old', '2030-11-01'), ('twilio', 'young', '2031-02-01');
             insert into analytics.events (event_id, kind, at)
                 values (gen_random_uuid(), 'page_viewed', '2028-12-01'), (gen_random_uuid(), 'page_viewed', '2029-02-01');
             insert into notices.conversations (address, last_inbound_at)
                 values ('+221770000001', '2030-11-01'), ('+221770000002', '2031-02-01');
             insert into ops.histories (workflow_id, run_id, kind, came_to, ended_at, lacks)
                 values ('x', 'old', 'Donation', 'Completed', '2025-12-01', 'gone'),
                        ('x', 'young', 'Donation', 'Completed', '2026-02-01', 'gone');",
        )
        .await;
    let forget = async || {
        let when = Forget {
            answers_before: at("2031-01-30T00:00:00Z"),
            hearsay_before: at("2030-12-01T00:00:00Z"),
            visits_before: Some(at("2029-01-01T00:00:00Z")),
            histories_before: Some(at("2026-01-01T00:00:00Z")),
        };
        retention::forget(&scene.pool, when).await.expect("forgetting")
    };
    let one_each = Gone { answers: 1, events: 1, heard: 1, conversations: 1, visits: 1, histories: 1 };
    assert_eq!(forget().await, one_each);
    assert_eq!(forget().await, Gone::default());
    let kept: String = scene
        .read(
            "select string_agg(event_id || ':' || encode(raw, 'escape'), ' ' order by event_id) from ops.webhook_inbox",
        )
        .await;
    assert_eq!(kept, "old: waiting:words young:words");
}

#[tokio::test]
async fn what_nobody_may_delete_is_counted_when_it_is_older_than_its_rule() {
    let scene = Scene::new().await;
    scene.closed_with_money().await;
    let (past, future) = (at("2020-01-01T00:00:00Z"), at("2999-01-01T00:00:00Z"));
    let overdue = async |before| retention::overdue(&scene.pool, before).await.expect("a count");
    assert_eq!(overdue(past).await, Overdue::default());
    assert!(overdue(future).await.transactions > 0);
    assert_eq!(audit::older_than(&scene.pool, future.date_naive()).await.expect("a count"), 0);
}
