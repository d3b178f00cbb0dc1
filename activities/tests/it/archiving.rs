//! Archiving what ended processes went through.

use chrono::Utc;
use temporalio_client::{WorkflowStartOptions, WorkflowTerminateOptions};
use uuid::Uuid;
use wolo_activities::HistorySteps;
use wolo_database::histories::{self, History};
use wolo_workflows::history_archive::{ArchiveInput, HistoryArchive};
use wolo_workflows::queues;
use wolo_workflows::steps::histories::ArchiveHistories;

use crate::scene::Scene;

fn now() -> ArchiveHistories {
    ArchiveHistories { now: Utc::now(), longest_bytes: 1_000_000 }
}

/// A process that somebody has ended with words of their own; nobody serves it here.
async fn ended(scene: &Scene) -> String {
    let name = format!("history-archive/{}", Uuid::now_v7().simple());
    let options = WorkflowStartOptions::new(queues::LIFECYCLE, name.clone()).build();
    let started =
        scene.temporal().start_workflow(HistoryArchive::run, ArchiveInput::new(2_000), options).await;
    let words = WorkflowTerminateOptions::builder().reason("Fatou has called").build();
    started.expect("it starts").terminate(words).await.expect("it ends");
    name
}

async fn archived(scene: &Scene, name: &str) -> Option<Vec<u8>> {
    let (ended, history) = histories::read(&scene.pool, name, None).await.expect("an answer")?;
    assert_eq!((ended.kind.as_str(), ended.came_to.as_str()), ("HistoryArchive", "terminated"));
    let History::Written { format: 1, bytes } = history else { panic!("{history:?}") };
    Some(bytes)
}

#[tokio::test]
async fn a_run_is_archived_once_however_often_the_step_is_done_and_without_what_it_carried() {
    let scene = Scene::new().await.connected().await;
    let name = ended(&scene).await;
    let bytes = loop {
        // The engine's index lags behind.
        let stretch = scene.does(HistorySteps::archive, now()).await;
        assert!(!stretch.more && stretch.runs.gone + stretch.runs.too_long == 0, "{stretch:?}");
        if let Some(bytes) = archived(&scene, &name).await {
            break bytes;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("HistoryArchive"), "{text}");
    for carried in ["Fatou", "longest_bytes"] {
        assert!(!text.contains(carried), "{carried}: {text}");
    }
    // Another attempt finds what this one has archived, though the mark had not moved.
    let mut owner = scene.pool_as("wolo").await.acquire().await.expect("a connection");
    sqlx::raw_sql("delete from ops.histories_mark").execute(&mut *owner).await.expect("a change");
    scene.does(HistorySteps::archive, now()).await;
    let twice = histories::list(&scene.pool, Some("HistoryArchive"), None, 1_000).await.expect("a list");
    assert_eq!(twice.iter().filter(|one| one.process == name).count(), 1);
    assert_eq!(archived(&scene, &name).await, Some(bytes));
}

#[tokio::test]
async fn without_the_engine_the_step_is_tried_again_and_the_mark_stays() {
    let scene = Scene::new().await.connected_to_nothing().await;
    let failed = scene.fails(HistorySteps::archive, now()).await;
    assert!(!failed.for_good, "{failed:?}");
    assert_eq!(histories::mark(&scene.pool).await.expect("an answer"), None);
}
