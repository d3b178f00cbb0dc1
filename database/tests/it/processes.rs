//! The board of running processes.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use wolo_database::processes::{self, Kind, Presence, Process};

use crate::scene::Scene;

fn breakers() -> BTreeMap<String, String> {
    BTreeMap::from([("wave".to_owned(), "closed".to_owned())])
}

async fn until(scene: &Scene, fact: impl Fn(&[Process]) -> bool) -> Vec<Process> {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(10));
    for _ in 0..1_000 {
        let found = processes::all(&scene.pool).await.expect("a board");
        if fact(&found) {
            return found;
        }
        looks.tick().await;
    }
    panic!("it does not come about");
}

#[tokio::test]
async fn a_process_is_on_the_board_while_it_runs_and_leaves_it() {
    let scene = Scene::new().await;
    let (end, ended) = oneshot::channel::<()>();
    let pool = scene.pool.clone();
    let worker = tokio::spawn(async move {
        let presence = Presence { kind: Kind::Worker, version: "1", queues: vec!["money".to_owned()] };
        let end = async { ended.await.expect("a word") };
        processes::present(&pool, &presence, breakers, end).await;
    });
    let found = until(&scene, |found| !found.is_empty()).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].kind, found[0].alive, found[0].version.as_str()), (Kind::Worker, true, "1"));
    assert_eq!((&found[0].queues, &found[0].breakers), (&vec!["money".to_owned()], &breakers()));
    // One that was killed says nothing more.
    scene.force("update ops.processes set seen_at = seen_at - interval '16 seconds'").await;
    assert!(!processes::all(&scene.pool).await.expect("a board")[0].alive);
    end.send(()).expect("it listens");
    worker.await.expect("it ends");
    until(&scene, <[Process]>::is_empty).await;
}
