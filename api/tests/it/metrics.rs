//! Figures: what they count, and who may see them. And the one answer that is kept for a moment.

use futures::future::join_all;
use serde_json::Value;
use uuid::Uuid;
use wolo_database::birthdays;
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::pots::Visibility;

use crate::app::TestApp;
use crate::reply::Reply;

async fn figures(app: &TestApp) -> String {
    let reply = Reply::of(app.get("/metrics")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
    reply.body
}

/// The value of a figure, by its name and labels.
async fn figure(app: &TestApp, name: &str) -> u64 {
    let figures = figures(app).await;
    let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn a_route_is_counted_by_its_template_and_nothing_that_a_caller_wrote_is_a_label() {
    let app = TestApp::start().await.with(|layers| layers).await;
    for _ in 0..3 {
        Reply::of(app.get("/api/pots/a-secret-link-of-a-pot")).await.problem(404, "pot_unknown");
    }
    Reply::of(app.get("/api/surprise?phone=771234567")).await.problem(404, "route_unknown");
    let invented = reqwest::Method::from_bytes(b"INVENTED").unwrap();
    Reply::of(app.request(invented, "/api/pots")).await.problem(405, "method_not_allowed");
    let count = |labels: &str| format!("wolo_http_request_seconds_count{{{labels}}}");
    let looks = count(r#"method="GET",route="/api/pots/{pot}",status="4xx""#);
    assert_eq!(figure(&app, &looks).await, 3);
    assert_eq!(figure(&app, &count(r#"method="GET",route="-",status="4xx""#)).await, 1);
    assert_eq!(figure(&app, &count(r#"method="other",route="/api/pots",status="4xx""#)).await, 1);
    let page = figures(&app).await;
    for absent in ["secret", "surprise", "771234567", "INVENTED"] {
        assert!(!page.contains(absent), "{absent} in {page}");
    }
    let started = figure(&app, "process_start_time_seconds").await;
    let now = u64::try_from(chrono::Utc::now().timestamp()).unwrap();
    assert!((now - 600..=now).contains(&started), "{started}");
    Reply::of(app.get("/api/pots")).await.expect(200);
    let connections = figures(&app).await;
    let connections = connections.lines().filter_map(|line| line.strip_prefix("wolo_pool_connections{"));
    // Which of the two it counts as depends on whether the page's own question has given it back.
    let all: u64 = connections.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum();
    assert!(all >= 1);
}

#[tokio::test]
async fn calls_to_the_engine_are_counted_by_what_they_ask() {
    let app = TestApp::start().await.with(|layers| layers).await;
    let support = app.staff_token(app.person(10).await, Role::Support);
    let asked = r#"temporal_request_latency_seconds_count{namespace="default",operation="DescribeTaskQueue",task_queue="money"}"#;
    // The page itself asks for what waits on each queue: processes and steps.
    assert_eq!(figure(&app, asked).await, 2);
    Reply::of(app.get("/services").bearer_auth(support)).await.expect(200);
    assert_eq!(
        figure(&app, asked).await,
        6,
        "who carries on processes, and who does steps, and this page again"
    );
    assert!(figures(&app).await.contains("\n# TYPE temporal_request_latency_seconds histogram\n"));
}

#[tokio::test]
async fn what_waits_on_a_queue_is_told_with_those_who_ask_for_it() {
    let app = TestApp::start().await;
    for queue in ["lifecycle", "money", "notices", "identity"] {
        for work in ["processes", "steps"] {
            let labels = format!(r#"{{queue="{queue}",work="{work}"}}"#);
            let pollers = format!("wolo_queue_pollers{labels}");
            // The engine knows of a worker when that has asked for the first time. Nobody serves the messages here.
            let there = u64::from(queue != "notices");
            app.until(async || (figure(&app, &pollers).await >= there).then_some(())).await;
            let page = figures(&app).await;
            for name in ["wolo_queue_backlog", "wolo_queue_oldest_seconds"] {
                assert!(page.contains(&format!("\n{name}{labels} ")), "{name}{labels} is not in {page}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_counted_is_told_before_there_is_any() {
    let app = TestApp::start().await.with(|layers| layers).await;
    let page = figures(&app).await;
    for zero in [
        r#"wolo_http_shed_total{lane="webhooks"} 0"#,
        r#"wolo_limited_total{class="webhook",store="local"} 0"#,
        r#"wolo_cache_lookups_total{cache="leaders",found="hit"} 0"#,
    ] {
        assert!(page.lines().any(|line| line == zero), "{zero} is not in {page}");
    }
}

#[tokio::test]
async fn a_provider_in_trouble_is_seen_from_every_api() {
    let app = TestApp::start().await;
    let breaker = r#"wolo_provider_breaker{provider="wave"}"#;
    // The worker tells of Wave when it has begun.
    app.until(async || figures(&app).await.contains(&format!("{breaker} 0\n")).then_some(())).await;
    // Another worker, whose calls go through to nobody.
    let there = "insert into ops.processes (process_id, kind, version, queues, breakers)
         values (gen_random_uuid(), 'worker', 'a test', '{}', '{\"wave\": \"open\"}')";
    sqlx::raw_sql(there).execute(&app.pool).await.unwrap();
    assert_eq!(figure(&app, breaker).await, 2);
    let gone = "delete from ops.processes where version = 'a test'";
    sqlx::raw_sql(gone).execute(&app.pool).await.unwrap();
    assert_eq!(figure(&app, breaker).await, 0);
}

#[tokio::test]
async fn the_last_day_that_was_swept_is_a_figure_once_there_is_one() {
    let app = TestApp::start().await;
    let day = chrono::NaiveDate::from_ymd_opt(2999, 1, 2).unwrap();
    birthdays::record(&app.pool, day, day + chrono::Days::new(30), 0, 0).await.unwrap();
    let seconds = u64::try_from(dakar::start_of(day).timestamp()).unwrap();
    assert_eq!(figure(&app, "wolo_sweep_last_day_seconds").await, seconds);
    app.read::<i64>("with gone as (delete from pots.sweeps returning day) select count(*) from gone").await;
    assert!(!figures(&app).await.contains("\nwolo_sweep_last_day_seconds "), "nobody knows of one");
}

#[tokio::test]
async fn figures_are_for_scrapers_that_come_by_themselves() {
    let app = TestApp::start().await;
    let app = app.with(|layers| layers.set("api.metrics_from", "127.0.0.2")).await;
    Reply::of(app.get("/metrics")).await.problem(404, "route_unknown");
    let scraper = app.from([127, 0, 0, 2]);
    figures(&scraper).await;
    let networked = app.with(|layers| layers.set("api.metrics_from", "10.0.0.0/8,127.0.0.0/30")).await;
    figures(&networked.from([127, 0, 0, 3])).await;
    Reply::of(networked.from([127, 0, 0, 4]).get("/metrics")).await.problem(404, "route_unknown");
    for header in ["x-forwarded-for", "forwarded"] {
        let visitor = scraper.get("/metrics").header(header, "127.0.0.2");
        Reply::of(visitor).await.problem(404, "route_unknown");
    }
}

fn ids(list: &Value) -> Vec<&str> {
    list["pots"].as_array().unwrap().iter().map(|pot| pot["id"].as_str().unwrap()).collect()
}

const HITS: &str = r#"wolo_cache_lookups_total{cache="public_lists",found="hit"}"#;
const MISSES: &str = r#"wolo_cache_lookups_total{cache="public_lists",found="miss"}"#;

#[tokio::test]
async fn the_public_list_is_kept_for_visitors_and_for_nobody_who_is_signed_in() {
    let app = TestApp::start().await;
    let app = app.with(|layers| layers.set("api.list_cache_seconds", "60")).await;
    let (first, owner) = app.open_pot(Visibility::Public).await;
    let signed_in =
        async || Reply::of(app.get("/api/pots?limit=50").bearer_auth(app.token(owner))).await.expect(200);
    let visitor = async || Reply::of(app.get("/api/pots?limit=50")).await;

    // What the owner is told of their own pot is in no memory.
    let own = signed_in().await;
    let secret = app.slug(first).await;
    assert!(own.to_string().contains(&secret));
    let told = visitor().await;
    assert!(ids(&told.expect(200)).contains(&first.to_string().as_str()) && !told.body.contains(&secret));
    assert_eq!(told.header("content-type"), "application/json");

    let (second, _) = app.open_pot(Visibility::Public).await;
    assert_eq!(visitor().await.body, told.body);
    assert!(ids(&signed_in().await).contains(&second.to_string().as_str()));
    assert_eq!((figure(&app, HITS).await, figure(&app, MISSES).await), (1, 1));
    // Another page is another answer.
    let other = Reply::of(app.get("/api/pots?limit=49")).await.expect(200);
    assert!(ids(&other).contains(&second.to_string().as_str()));
}

#[tokio::test]
async fn of_many_who_want_the_same_page_at_once_one_asks() {
    let app = TestApp::start().await;
    let app = app.with(|layers| layers.set("api.list_cache_seconds", "60")).await;
    let after = wolo_domain::ids::PotId::from_uuid(Uuid::now_v7());
    let path = format!("/api/pots?after={after}");
    let replies = join_all((0..30).map(|_| Reply::of(app.get(&path)))).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    assert_eq!((figure(&app, HITS).await, figure(&app, MISSES).await), (29, 1));
}

#[tokio::test]
async fn who_has_the_most_points_is_added_up_once_a_minute_and_says_to_each_who_they_are() {
    let app = TestApp::start().await;
    let app = app.with(|layers| layers.set("api.list_cache_seconds", "60")).await;
    let (sponsor, other) = (app.sponsor(1_000_000).await, app.person(40).await);
    let first = async |user| {
        let path = "/api/users/points/leaders";
        let told = Reply::of(app.get(path).bearer_auth(app.token(user))).await.expect(200);
        let leaders = told["leaders"].as_array().unwrap().clone();
        leaders.into_iter().find(|one| one["points"] == 1_000_000).unwrap()
    };
    assert_eq!(first(sponsor).await["you"], true);
    assert_eq!(first(other).await["you"], false);
    let looked_up = |found| format!(r#"wolo_cache_lookups_total{{cache="leaders",found="{found}"}}"#);
    let figures = (figure(&app, &looked_up("hit")).await, figure(&app, &looked_up("miss")).await);
    assert_eq!(figures, (1, 1));
}
