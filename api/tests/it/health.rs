//! Liveness and readiness.

use crate::app::TestApp;
use crate::reply::Reply;
use crate::sabotage::Wire;

#[tokio::test]
async fn a_whole_api_lives_and_is_ready() {
    let app = TestApp::start().await;
    for path in [
        "/health",
        "/api/users/health",
        "/api/admin/health",
        "/api/pots/health",
        "/api/payments/health",
        "/api/notifications/health",
    ] {
        assert_eq!(Reply::of(app.get(path)).await.expect(200)["status"], "ok");
    }
    let ready = Reply::of(app.get("/ready")).await;
    insta::assert_snapshot!(ready.body, @r#"{"status":"ok","database":"ok","schema":"ok","temporal":"ok"}"#);
}

#[tokio::test]
async fn an_outage_of_others_ends_readiness_and_not_life() {
    let app = TestApp::start().await;
    let engine = Wire::to(port_of(&app.world().temporal.address())).await;
    let database = Wire::to(app.world().postgres.port()).await;
    let cut = app
        .with(|layers| {
            layers
                .set("temporal.address", format!("http://{}", engine.address))
                .set("database.url", format!("postgres://wolo_api@{}/wolo?sslmode=disable", database.address))
        })
        .await;
    let ready = Reply::of(cut.get("/ready")).await;
    ready.expect(200);
    assert!(!ready.headers.contains_key("retry-after"));
    engine.cut();
    let unready = Reply::of(cut.get("/ready")).await;
    assert_eq!(unready.header("retry-after"), "3");
    let half = unready.expect(503);
    assert_eq!((&half["database"], &half["temporal"]), (&"ok".into(), &"unavailable".into()));
    database.cut();
    assert_eq!(Reply::of(cut.get("/ready")).await.expect(503)["database"], "unavailable");
    Reply::of(cut.get("/health")).await.expect(200);
    engine.mend();
    database.mend();
    cut.until(async || (Reply::of(cut.get("/ready")).await.status == 200).then_some(())).await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test makes a database that no release leaves")]
async fn an_api_that_comes_before_its_schema_is_not_ready_until_that_is_there() {
    let app = TestApp::start().await;
    let postgres = &app.world().postgres;
    postgres.create_database("not_migrated", None).await.unwrap();
    let owner = wolo_database::connect(&postgres.url("not_migrated"), 1).await.unwrap();
    let early =
        app.with(|layers| layers.set("database.url", postgres.url_as("wolo_api", "not_migrated"))).await;
    let behind = async || {
        let body = Reply::of(early.get("/ready")).await.expect(503);
        assert_eq!((&body["database"], &body["schema"]), (&"ok".into(), &"unavailable".into()));
    };
    behind().await;
    wolo_database::migrate(&owner).await.unwrap();
    // As a release left it that was one migration behind this one.
    let last = |success: bool| {
        let sql = "update _sqlx_migrations set success = $1
                   where version = (select max(version) from _sqlx_migrations)";
        sqlx::query(sql).bind(success).execute(&owner)
    };
    last(false).await.unwrap();
    behind().await;
    last(true).await.unwrap();
    assert_eq!(Reply::of(early.get("/ready")).await.expect(200)["schema"], "ok");
    // What was there is there, so it is asked for once.
    last(false).await.unwrap();
    Reply::of(early.get("/ready")).await.expect(200);
}

pub(crate) fn port_of(address: &str) -> u16 {
    address.rsplit_once(':').unwrap().1.parse().unwrap()
}
