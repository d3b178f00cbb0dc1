//! What visitors did: told by the API once, and read by nobody who has not come for sums.

use chrono::{DateTime, Utc};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_database::Context;
use wolo_database::figures;
use wolo_database::visits::{self, Visit};
use wolo_domain::dakar;
use wolo_domain::figures::{Figure, Span};
use wolo_domain::visits::{ShareWay, VisitKind, VisitPage};

use crate::scene::Scene;

fn visit(kind: VisitKind, at: DateTime<Utc>) -> Visit {
    Visit { id: Uuid::now_v7(), kind, at, pot: None, page: Some(VisitPage::Pot), way: None }
}

#[tokio::test]
async fn what_is_told_twice_counts_once_and_only_whoever_comes_for_sums_reads_it() {
    let scene = Scene::new().await;
    let (api, user) = (scene.pool_as("wolo_api").await, scene.person().await.id);
    let now = Utc::now();
    let told: Vec<_> = VisitKind::ALL.map(|kind| visit(kind, now)).to_vec();
    let shared = Visit { way: Some(ShareWay::WhatsApp), ..visit(VisitKind::Shared, now) };
    let record = async |visits: &[Visit]| {
        let mut tx = Context::visitor().begin(&api).await.expect("a visitor");
        let new = visits::record(&mut tx, visits).await.expect("a record");
        wolo_database::commit(tx).await.expect("a commit");
        new
    };
    assert_eq!(record(&told).await, 7);
    assert_eq!(record(&told).await, 0);
    assert_eq!(record(&[told[0], shared, shared]).await, 1, "twice in one telling is once, too");
    let counted = async |context: Context<'_>| {
        let mut tx = context.begin(&api).await.expect("a transaction");
        let span = Span::day(dakar::day_of(now));
        figures::read(&mut *tx, &[Figure::Visits], span).await.expect("figures")[0].totals_of(None)
    };
    assert_eq!(counted(Context::figures(user)).await, [1, 1, 2, 1, 1, 1, 1]);
    for nobody in [Context::visitor(), Context::user(user), Context::staff(user)] {
        assert_eq!(counted(nobody).await, [0; 7]);
    }
}

#[tokio::test]
async fn what_was_told_is_changed_by_nobody_and_deleted_by_the_worker_alone() {
    let scene = Scene::new().await;
    let mut worker = scene.pool_as("wolo").await.acquire().await.expect("a connection");
    visits::record(&mut worker, &[visit(VisitKind::PageViewed, Utc::now())]).await.expect("a record");
    let tries = [
        ("wolo", "update analytics.events set kind = 'shared'", "23001"),
        ("wolo", "truncate analytics.events", "23001"),
        ("wolo_worker", "update analytics.events set kind = 'shared'", "42501"),
        ("wolo_api", "update analytics.events set kind = 'shared'", "42501"),
        ("wolo_api", "delete from analytics.events", "42501"),
        (
            "wolo_api",
            "insert into analytics.events (event_id, kind, at) values (gen_random_uuid(), 'shared', now())",
            "42501",
        ),
        (
            "wolo",
            "insert into analytics.events (event_id, kind, at) values (gen_random_uuid(), 'a word', now())",
            "23514",
        ),
    ];
    for (role, sql, code) in tries {
        let pool = scene.pool_as(role).await;
        let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.expect_err(sql);
        let said = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        assert_eq!(said.as_deref(), Some(code), "{role}: {sql}: {error}");
    }
}
