//! What ended processes went through, as it is kept.

use wolo_database::histories::{self, Ended, History};
use wolo_domain::histories::{FORMAT, Lacks};

use crate::scene::{Scene, at};

fn run(process: &str, run: &str, ended_at: &str) -> Ended {
    Ended {
        process: process.to_owned(),
        run: run.to_owned(),
        kind: "Donation".to_owned(),
        came_to: "completed".to_owned(),
        stage: Some("confirmed".to_owned()),
        began_at: None,
        ended_at: at(ended_at),
    }
}

#[tokio::test]
async fn a_run_is_kept_once_and_the_last_of_a_process_is_found_first() {
    let scene = Scene::new().await;
    let written = |bytes: &[u8]| History::Written { format: FORMAT, bytes: bytes.to_vec() };
    let (first, last) =
        (run("donation/a", "1", "2031-01-01T00:00:00Z"), run("donation/a", "2", "2031-02-01T00:00:00Z"));
    let keep = async |ended, history| histories::keep(&scene.pool, ended, &history).await.expect("an answer");
    assert!(keep(&last, written(b"last")).await);
    assert!(keep(&first, History::Lacks(Lacks::Gone)).await);
    assert!(!keep(&last, History::Lacks(Lacks::TooLong)).await, "it is kept already");
    let read = async |run| histories::read(&scene.pool, "donation/a", run).await.expect("an answer");
    assert_eq!(read(None).await, Some((last.clone(), written(b"last"))));
    assert_eq!(read(Some("1")).await, Some((first.clone(), History::Lacks(Lacks::Gone))));
    assert_eq!(read(Some("3")).await, None);
    let asked = [("donation/a", "1"), ("donation/a", "3"), ("donation/b", "2")];
    let known = histories::known(&scene.pool, &asked).await.expect("an answer");
    assert_eq!(known.into_iter().collect::<Vec<_>>(), ["1"]);
    let found = async |kind, stage| histories::list(&scene.pool, kind, stage, 10).await.expect("a list");
    assert_eq!(found(Some("Donation"), Some("confirmed")).await, [last, first]);
    assert_eq!((found(Some("Payout"), None).await, found(None, Some("open")).await), (vec![], vec![]));
    let count = histories::lost(&scene.pool, at("2020-01-01T00:00:00Z")).await.expect("a count");
    assert_eq!(count, 1);
}

#[tokio::test]
async fn the_mark_goes_forward_only() {
    let scene = Scene::new().await;
    let mark = async || histories::mark(&scene.pool).await.expect("an answer");
    assert_eq!(mark().await, None);
    for (noted, stands) in
        [("2031-01-02", "2031-01-02"), ("2031-01-01", "2031-01-02"), ("2031-01-03", "2031-01-03")]
    {
        histories::note(&scene.pool, at(&format!("{noted}T00:00:00Z"))).await.expect("it is noted");
        assert_eq!(mark().await, Some(at(&format!("{stands}T00:00:00Z"))));
    }
}
