use std::path::PathBuf;
use std::time::{Duration, Instant};

use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::processes::{Error, Launch, Process, Stop};

use crate::facts::{eventually, is_held, runs};

fn shell(folder: &DataFolder, script: &str) -> Launch {
    Launch {
        name: "the script",
        program: PathBuf::from("/bin/sh"),
        arguments: ["-c", script].map(Into::into).into(),
        environment: vec![("GREETING", "hello".to_owned())],
        withheld: Some("CARGO_PKG_"),
        working_folder: folder.path().to_owned(),
        log: folder.log("script"),
        user: None,
        stop: Stop { signal: "TERM", patience: 1 },
    }
}

async fn logged(folder: &DataFolder, wanted: &str) -> String {
    let log = folder.log("script");
    let read = || std::fs::read_to_string(&log).unwrap();
    eventually(&format!("the log says {wanted}"), || read().contains(wanted)).await;
    read()
}

#[tokio::test]
async fn a_program_may_stop_in_its_own_way() {
    let folder = DataFolder::temporary().unwrap();
    let script = "trap 'echo goodbye; exit 0' TERM; echo $GREETING; while :; do sleep 0.05; done";
    let mut process = Process::start(&shell(&folder, script)).await.unwrap();
    logged(&folder, "hello").await;
    assert!(runs(process.pid()));
    process.stop().await;
    assert!(logged(&folder, "goodbye").await.ends_with("goodbye\n"));
    assert!(!runs(process.pid()));
}

#[tokio::test]
async fn a_program_that_will_not_stop_is_killed_with_its_children() {
    let folder = DataFolder::temporary().unwrap();
    let script = "trap '' TERM; sleep 1000 & echo child $!; wait; while :; do sleep 1000; done";
    let mut process = Process::start(&shell(&folder, script)).await.unwrap();
    let said = logged(&folder, "child").await;
    let child: u32 = said.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(runs(child));
    process.stop().await;
    assert!(!runs(process.pid()) && !runs(child));
    assert!(!is_held(&folder.log("script")));
}

#[tokio::test]
async fn children_that_outlive_their_program_are_killed() {
    let folder = DataFolder::temporary().unwrap();
    let mut process = Process::start(&shell(&folder, "sleep 1000 & echo child $!; exit 7")).await.unwrap();
    assert_eq!(process.finish().await, Some(7));
    let child: u32 = logged(&folder, "child").await.split_whitespace().nth(1).unwrap().parse().unwrap();
    eventually("the child is gone", || !runs(child)).await;
}

#[tokio::test]
async fn a_program_that_ends_by_itself_is_missed() {
    let folder = DataFolder::temporary().unwrap();
    let mut process = Process::start(&shell(&folder, "echo alas; exit 7")).await.unwrap();
    process.finish().await;
    let died = process.died().unwrap().to_string();
    assert_eq!(died, "the script has ended though nobody told it to; its log ends with:\nalas");
}

#[tokio::test]
async fn a_kill_asks_nothing() {
    let folder = DataFolder::temporary().unwrap();
    let mut launch = shell(&folder, "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done");
    launch.stop.patience = 20;
    let mut process = Process::start(&launch).await.unwrap();
    logged(&folder, "ready").await;
    let began = Instant::now();
    process.kill().await;
    assert!(!runs(process.pid()));
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(!logged(&folder, "ready").await.contains("asked"));
}

#[tokio::test]
async fn dropping_a_process_stops_it() {
    let folder = DataFolder::temporary().unwrap();
    let process = Process::start(&shell(&folder, "while :; do sleep 0.05; done")).await.unwrap();
    let pid = process.pid();
    drop(process);
    eventually("it is gone", || !runs(pid)).await;
}

#[tokio::test]
async fn the_error_of_a_failed_start_quotes_this_runs_log() {
    let folder = DataFolder::temporary().unwrap();
    let mut earlier = Process::start(&shell(&folder, "echo earlier trouble")).await.unwrap();
    earlier.finish().await;
    let mut process = Process::start(&shell(&folder, "echo the disk is full; exit 1")).await.unwrap();
    process.finish().await;
    let message = process.ended().to_string();
    assert!(
        message.starts_with("the script ended before it was ready") && message.contains("the disk is full"),
        "{message}"
    );
    assert!(!message.contains("earlier trouble"), "{message}");
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_told_by_its_log() {
    let folder = DataFolder::temporary().unwrap();
    let mut launch = shell(&folder, "");
    launch.program = PathBuf::from("/nowhere/to/be/found");
    let mut process = Process::start(&launch).await.unwrap();
    assert_eq!(process.finish().await, Some(127));
    assert!(process.ended().to_string().contains("/nowhere/to/be/found"));
}

#[tokio::test]
async fn our_own_variables_can_be_withheld() {
    let folder = DataFolder::temporary().unwrap();
    let mut process = Process::start(&shell(&folder, "echo [$CARGO_PKG_NAME]")).await.unwrap();
    process.finish().await;
    assert!(logged(&folder, "]").await.contains("[]"));
}

#[tokio::test]
async fn a_program_in_a_folder_that_does_not_exist_is_refused() {
    let folder = DataFolder::temporary().unwrap();
    let mut launch = shell(&folder, "");
    launch.working_folder = PathBuf::from("/nowhere");
    assert!(matches!(Process::start(&launch).await, Err(Error::Start { .. })));
}
