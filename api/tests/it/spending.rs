//! What somebody has proved themselves with is spent together with what it is for: where that fails on our side, the same proof
//! is good again.

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use wolo_domain::accounts::IdentityProvider::Apple;
use wolo_sandbox::phones;
use wolo_sandbox::social::Person;

use crate::app::TestApp;
use crate::reply::Reply;

const AUTH: &str = "/api/users/auth";

/// Rows that somebody else has in hand until this is dropped, so that whoever needs them is told to come again.
#[expect(clippy::disallowed_methods, reason = "a test does what the crate never would")]
async fn in_hand(app: &TestApp, rows: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let operator = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let mut tx = operator.begin().await.unwrap();
    let locked = sqlx::query(AssertSqlSafe(format!("select 1 from {rows} for update")));
    assert_eq!(locked.fetch_all(&mut *tx).await.unwrap().len(), 1, "{rows}");
    tx
}

fn the_account_of(phone: &str) -> String {
    format!("people.users where phone = '{phone}'")
}

/// Asks while the rows are in hand, and again when they are not; then a third time.
async fn fails_works_and_is_spent(app: &TestApp, rows: &str, path: &str, proof: &Value) -> Reply {
    let held = in_hand(app, rows).await;
    let failed = app.send(path, proof).await;
    assert_eq!(failed.status, 503, "{}", failed.body);
    held.rollback().await.unwrap();
    let worked = app.send(path, proof).await;
    assert!(worked.status.is_success(), "{path}: {} {}", worked.status, worked.body);
    assert_eq!(app.send(path, proof).await.status, 401, "{path}");
    worked
}

#[tokio::test]
async fn a_code_and_a_proof_are_spent_with_what_they_are_for_and_not_before() {
    let app = TestApp::start().await;
    let verify = format!("{AUTH}/otp/verify");
    let phone = phones::unused();
    let code = async |path: &str, body: Value| -> Value {
        let sent = app.send(&format!("{AUTH}/{path}"), &body).await.expect(202);
        json!({ "code_id": sent["code_id"], "code": app.code(&phone).await })
    };

    let wanted = json!({ "name": "Awa", "birth_date": "1999-12-31", "phone": phone });
    let given = code("register", wanted).await;
    let wish = format!("people.registrations where phone = '{phone}'");
    fails_works_and_is_spent(&app, &wish, &verify, &given).await;

    let given = code("otp/request", json!({ "phone": phone })).await;
    fails_works_and_is_spent(&app, &the_account_of(&phone), &verify, &given).await;

    let mut given = code("forgot-password", json!({ "phone": phone })).await;
    given["password"] = json!("des mangues au marché");
    let reset = format!("{AUTH}/reset-password");
    fails_works_and_is_spent(&app, &the_account_of(&phone), &reset, &given).await;

    let person = Person::fresh("Awa");
    let first = app.social_login(&app.proof(Apple, &person).await).await.expect(200);
    let user: wolo_domain::ids::UserId = first["user"].as_str().unwrap().parse().unwrap();
    let account = format!("people.users where user_id = '{}'", user.uuid());
    let proof = app.proof(Apple, &person).await;
    fails_works_and_is_spent(&app, &account, &format!("{AUTH}/social-login"), &proof).await;
}

#[tokio::test]
async fn a_wrong_code_is_counted_whatever_comes_of_it() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let wanted = json!({ "name": "Awa", "birth_date": "1999-12-31", "phone": phone });
    let sent = app.send(&format!("{AUTH}/register"), &wanted).await.expect(202);
    let code = app.code(&phone).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let give = async |code: &str| {
        app.send(&format!("{AUTH}/otp/verify"), &json!({ "code_id": sent["code_id"], "code": code })).await
    };
    for _ in 0..app.settings.accounts.code_tries {
        give(wrong).await.problem(401, "code_wrong");
    }
    give(&code).await.problem(401, "code_wrong");
}
