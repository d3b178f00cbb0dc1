use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::postgres::DATABASE;
use wolo_sandbox::world::{Options, World};

use crate::facts::{eventually, group_of, group_runs, is_held, listens, port_of, runs, soon};

#[tokio::test]
async fn a_world_comes_up_answers_and_leaves_nothing_behind() {
    let around = DataFolder::temporary().unwrap();
    let kept = around.path().join("kept");
    let world =
        World::start(Options { data_folder: Some(kept.clone()), ..Options::default() }).await.unwrap();
    PgConnection::connect(&world.postgres.url(DATABASE)).await.unwrap().ping().await.unwrap();
    assert!(reqwest::get(world.temporal.ui_url()).await.unwrap().status().is_success());
    let pids = [world.postgres.pid(), world.temporal.pid()];
    let ports =
        [world.postgres.port(), port_of(&world.temporal.address()), port_of(&world.temporal.ui_url())];
    assert!(pids.into_iter().all(runs) && ports.into_iter().all(listens));

    let carriers = reqwest::get(world.inbox.url()).await.unwrap().text().await.unwrap();
    for carrier in ["WhatsApp", "SendGrid", "SMTP", "Orange", "Twilio", "Firebase"] {
        assert!(carriers.contains(&format!("{carrier} : couper")), "{carrier} does not deliver to the inbox");
    }

    world.shutdown().await.unwrap();
    assert!(!pids.into_iter().any(runs) && !ports.into_iter().any(listens));
    for process in ["postgres", "temporal"] {
        assert!(
            !is_held(&kept.join("logs").join(format!("{process}.log"))),
            "{process} left somebody behind"
        );
    }
}

#[tokio::test]
async fn a_temporary_world_is_deleted_with_its_end() {
    let world = World::start(Options::default()).await.unwrap();
    let folder = world.folder().path().to_owned();
    world.shutdown().await.unwrap();
    assert!(!folder.exists());

    let world = World::start(Options::default()).await.unwrap();
    let folder = world.folder().path().to_owned();
    let pids = [world.postgres.pid(), world.temporal.pid()];
    drop(world);
    assert!(!folder.exists() && !pids.into_iter().any(runs));
}

/// Another process with a world of its own, and what it says of it.
fn held_world(folder: Option<&PathBuf>) -> (Child, HashMap<String, String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hold-world"))
        .args(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.take_while(|line| line != "ready");
    let facts =
        said.map(|line| line.split_once(' ').map(|(name, fact)| (name.to_owned(), fact.to_owned())).unwrap());
    let facts = facts.collect();
    (child, facts)
}

#[tokio::test]
async fn nothing_is_left_when_its_owner_is_killed() {
    let (mut owner, facts) = held_world(None);
    let pids = ["postgres-process", "temporal-process"].map(|name| facts[name].parse().unwrap());
    let ports = ["temporal", "temporal-pages"].map(|name| port_of(&facts[name]));
    let groups = pids.map(group_of);
    let folder = PathBuf::from(&facts["folder"]);
    assert!(pids.into_iter().all(runs) && ports.into_iter().all(listens) && folder.exists());
    // A client that stays connected must not keep Postgres alive.
    let _client = PgConnection::connect(&facts["postgres"]).await.unwrap();

    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the processes are gone", || !pids.into_iter().any(runs)).await;
    // Sooner than the supervisors' patience, after which they would have killed whatever was left.
    for group in groups {
        soon("the supervisors are gone", Duration::from_secs(5), || !group_runs(group)).await;
    }
    eventually("the ports are free", || !ports.into_iter().any(listens)).await;
    eventually("the temporary folder is gone", || !folder.exists()).await;
}

#[tokio::test]
async fn a_kept_world_goes_on_at_once_after_its_owner_was_killed() {
    let around = DataFolder::temporary().unwrap();
    let kept = around.path().join("kept");
    let (mut owner, facts) = held_world(Some(&kept));
    let mut connection = PgConnection::connect(&facts["postgres"]).await.unwrap();
    sqlx::raw_sql("create table gifts (giver text)").execute(&mut connection).await.unwrap();
    owner.kill().unwrap();
    owner.wait().unwrap();

    // Its processes may still be ending: that is waited for.
    let world = World::start(Options { data_folder: Some(kept), ..Options::default() }).await.unwrap();
    let mut connection = PgConnection::connect(&world.postgres.url(DATABASE)).await.unwrap();
    sqlx::raw_sql("select giver from gifts").execute(&mut connection).await.unwrap();
}

#[test]
fn a_shared_world_outlives_the_runtime_of_the_test_that_started_it() {
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::shared().await.unwrap();
            PgConnection::connect(&world.postgres.url(DATABASE)).await.unwrap().ping().await.unwrap();
            assert!(reqwest::get(world.temporal.ui_url()).await.unwrap().status().is_success());
        });
    }
}
