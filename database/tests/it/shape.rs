//! The shape of the database itself, and reaching it.

use std::path::Path;

use futures::future::join_all;
use wolo_database::Error;
use wolo_sandbox::Postgres;
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::postgres::DATABASE;

use crate::scene::{Scene, unique};

#[tokio::test]
async fn databases_of_one_cluster_migrate_at_once() {
    // A cluster of its own, which has no roles yet: everybody wants to make them.
    let folder = DataFolder::temporary().expect("a folder");
    let postgres = &Postgres::start(&folder, None).await.expect("a Postgres");
    let migrations = (0..6).map(|n| async move {
        let name = format!("shape_{}", unique());
        postgres.create_database(&name, None).await.expect("a database");
        let pool = wolo_database::connect(&postgres.url(&name), 2).await.expect("a connection");
        if n % 2 == 0 {
            // Two processes at one database take turns.
            let (one, other) = tokio::join!(wolo_database::migrate(&pool), wolo_database::migrate(&pool));
            one.and(other)
        } else {
            wolo_database::migrate(&pool).await
        }
    });
    for done in join_all(migrations).await {
        done.expect("a migration");
    }
}

#[tokio::test]
async fn a_role_that_somebody_else_is_just_making_is_as_good_as_ours() {
    let folder = DataFolder::temporary().expect("a folder");
    let postgres = Postgres::start(&folder, None).await.expect("a Postgres");
    let pool = wolo_database::connect(&postgres.url(DATABASE), 4).await.expect("a connection");
    let mut other = pool.begin().await.expect("a transaction");
    sqlx::raw_sql("create role wolo_worker login").execute(&mut *other).await.expect("a role");
    let elsewhere = async {
        // Until our migration waits for the other's role.
        let waiting = "do $$ begin
            while not exists (select from pg_stat_activity where wait_event_type = 'Lock') loop
                perform pg_stat_clear_snapshot();
            end loop;
        end $$";
        sqlx::raw_sql(waiting).execute(&pool).await.expect("somebody waits");
        other.commit().await.expect("a commit");
    };
    let (done, ()) = tokio::join!(wolo_database::migrate(&pool), elsewhere);
    done.expect("a migration");
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_unavailable_and_may_come_back() {
    let nowhere = "postgres://wolo@127.0.0.1:1/wolo";
    let error = wolo_database::connect(nowhere, 1).await.expect_err("nobody is there");
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert!(error.may_pass());
    let pool = wolo_database::connect_later(nowhere, 1).expect("a pool needs no database");
    assert!(wolo_database::ping(&pool).await.expect_err("still nobody").may_pass());
}

#[tokio::test]
async fn a_lock_that_is_not_had_in_time_may_come_later() {
    let scene = Scene::new().await;
    let pot = scene.open().await;
    let owner = scene.pool_as("wolo").await;
    let mut blocker = owner.begin().await.expect("a transaction");
    sqlx::raw_sql("select pot_id from pots.pots for update").execute(&mut *blocker).await.expect("a lock");
    let error = wolo_database::pots::close(&scene.pool, pot, crate::scene::noon()).await.expect_err("locked");
    assert!(error.may_pass(), "{error:?}");
    blocker.rollback().await.expect("a release");
    wolo_database::pots::close(&scene.pool, pot, crate::scene::noon()).await.expect("a closing");
}

/// Money and stages are decided by queries whose cost must not grow with the table.
#[tokio::test]
async fn every_column_that_points_elsewhere_in_money_is_indexed() {
    let scene = Scene::new().await;
    let bare: Option<String> = scene
        .read(
            "select string_agg(conrelid::regclass::text || '.' || attname, ', ')
             from pg_constraint
             join pg_attribute on attrelid = conrelid and attnum = conkey[1]
             where contype = 'f' and conrelid::regclass::text like 'money.%' and attname <> 'donor_user_id'
               and not exists (select from pg_index where indrelid = conrelid and indkey[0] = conkey[1])",
        )
        .await;
    assert_eq!(bare, None);
}

#[test]
fn a_span_is_named_for_the_table_family_that_it_is_about() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut left, mut spans) = (vec![sources.clone()], 0);
    while let Some(place) = left.pop() {
        if place.is_dir() {
            left.extend(place.read_dir().expect("a folder").map(|entry| entry.expect("an entry").path()));
            continue;
        }
        let first = place.strip_prefix(&sources).expect("below").iter().next().expect("a name");
        let family = first.to_str().expect("a name of ours").trim_end_matches(".rs");
        let text = std::fs::read_to_string(&place).expect("a source");
        for span in text.split("instrument(name = \"").skip(1) {
            let name = span.split('"').next().expect("a name");
            // The pool belongs to no family.
            let named = family == "pool" || name.starts_with(&format!("db.{family}."));
            assert!(named, "{name} stands in {}", place.display());
            spans += 1;
        }
    }
    assert!(spans > 100, "{spans}");
}
