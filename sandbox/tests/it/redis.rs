use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::{Redis, World, world};

use crate::facts::{is_held, listens, port_of, runs};

#[tokio::test]
async fn it_comes_back_at_the_same_place_after_a_crash() {
    let folder = DataFolder::temporary().unwrap();
    let mut redis = Redis::start(&folder).await.unwrap();
    let (url, before) = (redis.url(), redis.pid());
    redis.kill().await;
    assert!(!runs(before) && !listens(port_of(&url)));
    redis.restart().await.unwrap();
    assert_eq!(redis.url(), url);
    assert_ne!(redis.pid(), before);
    redis.shutdown().await;
    assert!(!is_held(&folder.log("redis")) && !listens(port_of(&url)));
}

#[tokio::test]
async fn a_world_has_one_when_it_is_asked_for() {
    let options = world::Options { redis: true, ..world::Options::default() };
    let world = World::start(options).await.unwrap();
    let redis = world.redis.as_ref().unwrap();
    let (pid, port) = (redis.pid(), port_of(&redis.url()));
    assert!(runs(pid) && listens(port));
    world.shutdown().await.unwrap();
    assert!(!runs(pid) && !listens(port));
}
