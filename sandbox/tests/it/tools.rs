use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::tools::{Error, Places, PostgresTools, RedisTool, TemporalTool};

fn nowhere(cache: &Path) -> Places {
    Places {
        postgres: None,
        temporal: None,
        redis: None,
        machine: Vec::new(),
        cache: cache.to_owned(),
        fetch: false,
    }
}

/// A program that only says its version.
fn pretender(folder: &Path, name: &str, says: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let program = folder.join(name);
    fs::write(&program, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn is_one_sentence(message: &str) -> bool {
    !message.contains('\n') && !message.contains(". ") && message.len() < 400
}

#[tokio::test]
async fn every_tool_is_had_on_this_machine() {
    let places = Places::here();
    let postgres = PostgresTools::find(&places, None).await.unwrap();
    assert!(postgres.major >= 15 && postgres.program("initdb").is_file());
    let temporal = TemporalTool::find(&places).await.unwrap();
    assert!(temporal.program.is_file());
    let redis = RedisTool::find(&places).await.unwrap();
    assert!(redis.program.is_file());
}

#[tokio::test]
async fn a_postgres_that_cannot_be_had_is_one_sentence_that_helps() {
    let folder = DataFolder::temporary().unwrap();
    let message = PostgresTools::find(&nowhere(folder.path()), None).await.unwrap_err().to_string();
    assert!(
        is_one_sentence(&message) && message.contains("install") && message.contains("WOLO_POSTGRES_BIN"),
        "{message}"
    );
}

#[tokio::test]
async fn a_temporal_that_cannot_be_had_is_one_sentence_that_helps() {
    let folder = DataFolder::temporary().unwrap();
    let message = TemporalTool::find(&nowhere(folder.path())).await.unwrap_err().to_string();
    assert!(
        is_one_sentence(&message) && message.contains("install") && message.contains("WOLO_TEMPORAL_BIN"),
        "{message}"
    );
}

#[tokio::test]
async fn a_redis_that_cannot_be_had_is_one_sentence_that_helps() {
    let folder = DataFolder::temporary().unwrap();
    let message = RedisTool::find(&nowhere(folder.path())).await.unwrap_err().to_string();
    assert!(
        is_one_sentence(&message) && message.contains("install") && message.contains("WOLO_REDIS_BIN"),
        "{message}"
    );
}

#[tokio::test]
async fn a_redis_that_is_too_old_is_passed_over() {
    let folder = DataFolder::temporary().unwrap();
    let mut places = nowhere(&folder.path().join("cache"));
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    pretender(&old, "redis-server", "Redis server v=4.0.9 sha=00000000:0");
    let right = pretender(&new, "redis-server", "Redis server v=7.2.4 sha=00000000:0");
    places.machine = vec![old, new];
    assert_eq!(RedisTool::find(&places).await.unwrap().program, right);
    places.machine.pop();
    let Err(Error::NoRedis { tried }) = RedisTool::find(&places).await else { panic!("it was taken") };
    assert!(tried[0].contains("version 4"), "{tried:?}");
}

#[tokio::test]
async fn a_temporal_of_another_version_is_passed_over() {
    let folder = DataFolder::temporary().unwrap();
    let mut places = nowhere(&folder.path().join("cache"));
    let old = folder.path().join("old");
    pretender(&old, "temporal", "temporal version 1.0.0 (Server 1.24.2, UI 2.28.0)");
    places.machine = vec![folder.path().join("absent"), old];
    let Err(Error::NoTemporal { tried }) = TemporalTool::find(&places).await else { panic!("it was taken") };
    assert!(tried[0].contains("1.24.2"), "{tried:?}");

    let right = pretender(
        &places.cache.join("temporal-1.9.1"),
        "temporal",
        "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)",
    );
    assert_eq!(TemporalTool::find(&places).await.unwrap().program, right);
}

#[tokio::test]
async fn a_setting_beats_everything_and_must_be_right() {
    let folder = DataFolder::temporary().unwrap();
    let mut places = Places::here();
    let program = pretender(folder.path(), "my-temporal", "temporal version 7.0.0 (Server 7, UI 7)");
    places.temporal = Some(program.clone());
    assert_eq!(TemporalTool::find(&places).await.unwrap().program, program);

    places.postgres = Some(folder.path().join("empty"));
    let message = PostgresTools::find(&places, None).await.unwrap_err().to_string();
    assert!(message.starts_with("WOLO_POSTGRES_BIN says"), "{message}");
}

#[tokio::test]
async fn data_is_only_given_to_the_version_that_made_it() {
    let folder = DataFolder::temporary().unwrap();
    let mut places = nowhere(folder.path());
    for (name, version) in [("new", 18), ("old", 16)] {
        let tools = folder.path().join(name);
        pretender(&tools, "initdb", "");
        pretender(&tools, "postgres", &format!("postgres (PostgreSQL) {version}.1"));
        places.machine.push(tools);
    }
    assert_eq!(PostgresTools::find(&places, None).await.unwrap().major, 18);
    assert_eq!(PostgresTools::find(&places, Some(16)).await.unwrap().major, 16);
    assert!(
        PostgresTools::find(&places, Some(17)).await.unwrap_err().to_string().contains("which made the data")
    );
}
