//! Closing an account, and being given what is kept about one.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_control::ids;
use wolo_domain::ids::UserId;
use wolo_sandbox::phones;

use crate::app::{TestApp, key};
use crate::reply::Reply;

const AUTH: &str = "/api/users/auth";
const PASSWORD: &str = "des mangues au marché";

/// Somebody with a password, signed in.
struct Awa {
    phone: String,
    user: UserId,
    token: String,
}

impl Awa {
    async fn comes(app: &TestApp) -> Self {
        let phone = phones::unused();
        let wanted =
            json!({ "name": "Awa Ndiaye", "birth_date": "1999-12-31", "phone": phone, "password": PASSWORD });
        let sent = app.send(&format!("{AUTH}/register"), &wanted).await.expect(202);
        let given =
            json!({ "code_id": sent["code_id"], "code": app.code(&phone).await, "device": "Téléphone" });
        let session = app.send(&format!("{AUTH}/otp/verify"), &given).await.expect(200);
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        Self { phone, user: text("user").parse().unwrap(), token: text("access_token") }
    }

    async fn leaves(&self, app: &TestApp, farewell: &Value) -> Reply {
        let request = app.request(Method::DELETE, "/api/users/me").bearer_auth(&self.token);
        Reply::of(request.json(farewell)).await
    }

    async fn asks(&self, app: &TestApp, path: &str) -> Reply {
        Reply::of(app.get(path).bearer_auth(&self.token)).await
    }
}

#[tokio::test]
async fn whoever_gives_their_password_closes_their_account_and_is_signed_in_nowhere() {
    let app = TestApp::start().await;
    let awa = Awa::comes(&app).await;
    let closed = awa.leaves(&app, &json!({ "password": PASSWORD })).await.expect(200);
    assert_eq!(closed["process"], ids::closure(awa.user));
    let at = |name: &str| closed[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((at("erases_at") - at("closed_at")).num_days(), 30);
    awa.asks(&app, &format!("{AUTH}/me")).await.problem(401, "token_invalid");
    awa.leaves(&app, &json!({ "password": PASSWORD })).await.problem(401, "token_invalid");
    let again = json!({ "phone": awa.phone, "password": PASSWORD });
    app.send(&format!("{AUTH}/login"), &again).await.problem(403, "account_locked");
}

#[tokio::test]
async fn a_code_is_as_good_and_somebody_elses_is_not() {
    let app = TestApp::start().await;
    let (awa, moussa) = (Awa::comes(&app).await, Awa::comes(&app).await);
    let code = async |of: &Awa| {
        let sent = app.send(&format!("{AUTH}/otp/request"), &json!({ "phone": of.phone })).await.expect(202);
        json!({ "code_id": sent["code_id"], "code": app.code(&of.phone).await })
    };
    let theirs = code(&moussa).await;
    awa.leaves(&app, &theirs).await.problem(401, "code_wrong");
    let own = code(&awa).await;
    awa.leaves(&app, &own).await.expect(200);
    // It was used up for nothing of Moussa's: he signs in with his.
    app.send(&format!("{AUTH}/otp/verify"), &theirs).await.expect(200);
}

#[tokio::test]
async fn whoever_only_has_the_token_closes_nothing() {
    let app = TestApp::start().await;
    let awa = Awa::comes(&app).await;
    let anonymous = app.request(Method::DELETE, "/api/users/me").json(&json!({ "password": PASSWORD }));
    Reply::of(anonymous).await.problem(401, "token_missing");
    awa.leaves(&app, &json!({})).await.wrong_field(422, "password");
    awa.leaves(&app, &json!({ "code": "123456" })).await.wrong_field(422, "password");
    let both = json!({ "password": PASSWORD, "code_id": Uuid::new_v4(), "code": "123456" });
    awa.leaves(&app, &both).await.wrong_field(422, "password");
    let wrong = json!({ "password": "not the password" });
    awa.leaves(&app, &wrong).await.problem(401, "credentials_wrong");
    let unknown = json!({ "code_id": Uuid::new_v4(), "code": "123456" });
    awa.leaves(&app, &unknown).await.problem(401, "code_wrong");
    awa.asks(&app, &format!("{AUTH}/me")).await.expect(200);
    // As often as a password may be guessed anywhere.
    for _ in 0..9 {
        awa.leaves(&app, &wrong).await.problem(401, "credentials_wrong");
    }
    awa.leaves(&app, &json!({ "password": PASSWORD })).await.problem(429, "too_many_guesses");
}

#[tokio::test]
async fn people_are_given_what_is_kept_about_them_and_nothing_of_others() {
    let app = TestApp::start().await;
    let awa = Awa::comes(&app).await;
    let (pot, owner) = app.open_pot(wolo_domain::pots::Visibility::Public).await;
    let gift = json!({ "pot": pot, "amount": 500, "name": "Awa", "phone": awa.phone, "message": "Bravo !" });
    let given = app.post("/api/payments/donate").header("idempotency-key", key()).json(&gift);
    Reply::of(given.bearer_auth(&awa.token)).await.expect(201);

    let reply = awa.asks(&app, "/api/users/export").await;
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(
        reply.header("content-disposition"),
        format!("attachment; filename=\"wolo-{}.json\"", awa.user)
    );
    let export = reply.expect(200);
    assert_eq!(export["user"], awa.user.to_string());
    let tables = &export["tables"];
    assert_eq!(tables["people.users"][0]["phone"], awa.phone);
    assert_eq!(tables["people.sessions"][0]["device"], "Téléphone");
    assert_eq!(tables["money.donations"][0]["message"], "Bravo !");
    assert_eq!(tables["pots.pots"], json!([]));

    // The owner of that pot is told its sum, and not who gave.
    let theirs = Reply::of(app.get("/api/users/export").bearer_auth(app.token(owner))).await;
    let text = theirs.body.clone();
    assert_eq!(theirs.expect(200)["tables"]["pots.pots"][0]["pot_id"], pot.uuid().to_string());
    for of_awa in [awa.phone.as_str(), "Bravo !", &awa.user.uuid().to_string()] {
        assert!(!text.contains(of_awa), "{text}");
    }
    Reply::of(app.get("/api/users/export")).await.problem(401, "token_missing");
    let nobody = app.token(UserId::from_uuid(Uuid::now_v7()));
    Reply::of(app.get("/api/users/export").bearer_auth(nobody)).await.problem(403, "account_unknown");
}
