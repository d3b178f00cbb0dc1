//! Limits that several APIs share through a real Redis, and what they do without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wolo_domain::accounts::Role;
use wolo_sandbox::Redis;
use wolo_sandbox::folders::DataFolder;

use crate::app::TestApp;
use crate::limits::let_through;
use crate::reply::Reply;

/// Two APIs that know nothing of each other but the address of one Redis.
async fn two_on(redis: &Redis, rate: &str) -> [TestApp; 2] {
    let app = TestApp::start().await;
    let one = || app.with(|layers| layers.set("redis.url", redis.url()).set("limits.read", rate));
    [one().await, one().await]
}

async fn figure(app: &TestApp, line: &str) -> bool {
    Reply::of(app.get("/metrics")).await.body.lines().any(|one| one == line)
}

async fn redis_answers(app: &TestApp) -> Value {
    let support = app.staff_token(app.person(10).await, Role::Support);
    Reply::of(app.get("/services").bearer_auth(support)).await.expect(200)["redis"].clone()
}

#[tokio::test]
async fn two_apis_count_as_one() {
    let folder = DataFolder::temporary().unwrap();
    let redis = Redis::start(&folder).await.unwrap();
    let [one, other] = two_on(&redis, "20,1").await;
    // Nobody knows before something was counted, and a page of metrics is not.
    assert!(!Reply::of(one.get("/metrics")).await.body.contains("\nwolo_limits_shared "));
    let alone = TestApp::start().await.with(|layers| layers.set("redis.url", "")).await;
    assert!(figure(&alone, "wolo_limits_shared 0").await, "without a Redis it is known from the beginning");
    // Redis is asked first by a request that counts like any other.
    let reply = Reply::of(one.get("/api/pots")).await;
    assert_eq!(reply.header("ratelimit"), r#""read";r=19;t=60"#);
    assert_eq!(let_through(&one, 9).await, 9);
    let (here, there) = tokio::join!(let_through(&one, 20), let_through(&other, 20));
    assert_eq!(here + there, 10);
    let refused = Reply::of(other.get("/api/pots")).await;
    refused.problem(429, "too_many_requests");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit"), r#""read";r=0;t=1200"#);
    assert!(figure(&other, "wolo_limits_shared 1").await);
}

#[tokio::test]
async fn a_shared_measure_comes_back_one_by_one() {
    let folder = DataFolder::temporary().unwrap();
    let redis = Redis::start(&folder).await.unwrap();
    let [one, other] = two_on(&redis, "3,60").await;
    let began = Instant::now();
    assert_eq!(let_through(&one, 2).await + let_through(&other, 1).await, 3);
    one.until(async || (let_through(&one, 1).await + let_through(&other, 1).await == 1).then_some(())).await;
    let waited = began.elapsed();
    assert!((900..2_000).contains(&waited.as_millis()), "{waited:?}");
}

#[tokio::test]
async fn a_redis_that_dies_under_load_is_missed_by_nobody_and_taken_back() {
    const BURST: u32 = 40;
    const REFUSED_HERE: &str = r#"wolo_limited_total{class="read",store="local"} "#;
    const NOT_YET: &str = r#"wolo_limited_total{class="read",store="local"} 0
"#;
    let folder = DataFolder::temporary().unwrap();
    let mut redis = Redis::start(&folder).await.unwrap();
    let apis = Arc::new(two_on(&redis, &format!("{BURST},1")).await);
    let (through, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let load: Vec<_> = (0..8)
        .map(|worker| {
            let (apis, through, over) = (Arc::clone(&apis), Arc::clone(&through), Arc::clone(&over));
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    match Reply::of(apis[worker % 2].get("/api/pots")).await.status {
                        StatusCode::OK => through.fetch_add(1, Ordering::Relaxed),
                        StatusCode::TOO_MANY_REQUESTS => 0,
                        other => panic!("{other}"),
                    };
                }
            })
        })
        .collect();
    apis[0].until(async || (through.load(Ordering::Relaxed) >= BURST / 2).then_some(())).await;
    assert_eq!(redis_answers(&apis[0]).await, json!(true));
    redis.kill().await;
    for api in apis.iter() {
        api.until(async || {
            let told = Reply::of(api.get("/metrics")).await.body;
            (told.contains(REFUSED_HERE) && !told.contains(NOT_YET)).then_some(())
        })
        .await;
    }
    over.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.unwrap();
    }
    // What Redis let through before it died, and one full measure of each API after.
    let through = through.load(Ordering::Relaxed);
    assert!((2 * BURST..=3 * BURST).contains(&through), "{through}");
    for api in apis.iter() {
        assert_eq!(let_through(api, 3).await, 0);
        assert!(figure(api, "wolo_limits_shared 0").await);
    }
    // Shown to those who work here, whose measure of their own is a fresh one.
    assert_eq!(redis_answers(&apis[0]).await, json!(false));

    // It comes back empty, and both find it without being told: then they share one measure again.
    redis.restart().await.unwrap();
    let mut through = 0;
    for api in apis.iter() {
        api.until(async || {
            through += let_through(api, 1).await;
            figure(api, "wolo_limits_shared 1").await.then_some(())
        })
        .await;
    }
    through += let_through(&apis[0], BURST).await + let_through(&apis[1], BURST).await;
    assert_eq!(through, BURST);
}

#[tokio::test]
async fn an_api_starts_before_its_redis_and_counts_alone_until_then() {
    let app = TestApp::start().await;
    // Nobody listens there.
    let [port] = wolo_sandbox::ports::free().unwrap();
    let app = app
        .with(|layers| layers.set("redis.url", format!("redis://127.0.0.1:{port}")).set("limits.read", "3,1"))
        .await;
    assert_eq!(let_through(&app, 6).await, 3);
}

#[tokio::test]
async fn a_redis_that_takes_questions_and_never_answers_delays_one_request_a_moment() {
    let app = TestApp::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((wire, _)) = silent.accept().await {
            held.push(wire);
        }
    });
    let app = app.with(|layers| layers.set("redis.url", url).set("limits.read", "5,1")).await;
    let began = Instant::now();
    assert_eq!(let_through(&app, 8).await, 5);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}
