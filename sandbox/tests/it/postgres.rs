use sqlx::{Connection, PgConnection};
use wolo_sandbox::folders::DataFolder;
use wolo_sandbox::postgres::{self, DATABASE, Postgres};

use crate::facts::{eventually, is_held, runs};

async fn answer(url: &str, question: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap()
}

async fn tell(url: &str, statements: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn every_test_shares_one_postgres_and_has_its_own_database() {
    let postgres = Postgres::shared().await.unwrap();
    postgres.create_database("template-of-one", None).await.unwrap();
    tell(
        &postgres.url("template-of-one"),
        "create table gifts (giver text); insert into gifts values ('Awa')",
    )
    .await;
    for copy in ["copy-one", "copy-two"] {
        postgres.create_database(copy, Some("template-of-one")).await.unwrap();
        assert_eq!(answer(&postgres.url(copy), "select giver from gifts").await, "Awa");
    }
    let _connected = PgConnection::connect(&postgres.url("copy-one")).await.unwrap();
    postgres.drop_database("copy-one").await.unwrap();
    assert!(!postgres.has_database("copy-one").await.unwrap());
    postgres.drop_database("copy-one").await.unwrap();
    assert!(postgres.has_database("copy-two").await.unwrap());
}

#[tokio::test]
async fn copies_are_made_at_once_and_while_the_template_is_just_being_left() {
    let postgres = Postgres::shared().await.unwrap();
    postgres.create_database("busy-template", None).await.unwrap();
    let guest = PgConnection::connect(&postgres.url("busy-template")).await.unwrap();
    let copy = async |name| postgres.create_database(name, Some("busy-template")).await;
    let leaving = async {
        tokio::task::yield_now().await;
        guest.close().await
    };
    let (left, one, two, three) =
        tokio::join!(leaving, copy("busy-one"), copy("busy-two"), copy("busy-three"));
    left.unwrap();
    assert!(one.is_ok() && two.is_ok() && three.is_ok(), "{one:?} {two:?} {three:?}");
}

#[tokio::test]
async fn anybody_may_connect_as_any_role() {
    let postgres = Postgres::shared().await.unwrap();
    tell(&postgres.url(DATABASE), "create role guest_of_all login").await;
    assert_eq!(
        answer(&postgres.url_as("guest_of_all", DATABASE), "select current_user::text").await,
        "guest_of_all"
    );
    assert_eq!(answer(&postgres.url(DATABASE), "select current_user::text").await, postgres::OWNER);
    assert_eq!(answer(&postgres.url(DATABASE), "show server_encoding").await, "UTF8");
    assert_eq!(answer(&postgres.url(DATABASE), "show max_connections").await, "300");
    assert_eq!(answer(&postgres.url(DATABASE), "show fsync").await, "off");
}

#[tokio::test]
async fn kept_rows_survive_a_stop_a_crash_and_a_new_start() {
    let around = DataFolder::temporary().unwrap();
    let folder = DataFolder::kept(&around.path().join("kept")).unwrap();
    let mut postgres = Postgres::start(&folder, None).await.unwrap();
    assert_eq!(answer(&postgres.url(DATABASE), "show fsync").await, "on");
    tell(&postgres.url(DATABASE), "create table gifts (giver text); insert into gifts values ('Moussa')")
        .await;

    postgres.kill().await;
    assert!(!runs(postgres.pid()) && !is_held(&folder.log("postgres")));
    let port = postgres.port();
    postgres.restart().await.unwrap();
    assert_eq!(postgres.port(), port);
    assert_eq!(answer(&postgres.url(DATABASE), "select giver from gifts").await, "Moussa");

    postgres.kill().await;
    drop(postgres);
    let postgres = Postgres::start(&folder, None).await.unwrap();
    assert_eq!(answer(&postgres.url(DATABASE), "select giver from gifts").await, "Moussa");
    postgres.shutdown().await;
    assert!(!is_held(&folder.log("postgres")));
}

#[tokio::test]
async fn a_number_that_went_to_another_process_does_not_block_a_restart() {
    let around = DataFolder::temporary().unwrap();
    let folder = DataFolder::kept(&around.path().join("kept")).unwrap();
    let postgres = Postgres::start(&folder, None).await.unwrap();
    let file = folder.path().join("postgres/data/postmaster.pid");
    let left_behind = std::fs::read_to_string(&file).unwrap();
    let ours = postgres.pid().to_string();
    postgres.shutdown().await;
    // Another Postgres of the same user: the very thing that Postgres takes for its own earlier self.
    let other = Postgres::shared().await.unwrap();
    std::fs::write(&file, left_behind.replacen(&ours, &other.pid().to_string(), 1)).unwrap();
    Postgres::start(&folder, None).await.unwrap().shutdown().await;
    assert!(runs(other.pid()));
}

#[test]
fn two_cannot_use_one_folder() {
    let around = DataFolder::temporary().unwrap();
    let kept = around.path().join("kept");
    let first = DataFolder::kept(&kept).unwrap();
    let message = DataFolder::kept(&kept).unwrap_err().to_string();
    assert!(message.contains("in use") && message.contains("kept"), "{message}");
    drop(first);
    DataFolder::kept(&kept).unwrap();
}

#[tokio::test]
async fn a_temporary_folder_goes_with_its_postgres() {
    let folder = DataFolder::temporary().unwrap();
    let path = folder.path().to_owned();
    let postgres = Postgres::start(&folder, None).await.unwrap();
    let pid = postgres.pid();
    drop(postgres);
    eventually("the Postgres is gone", || !runs(pid)).await;
    drop(folder);
    assert!(!path.exists());
}
