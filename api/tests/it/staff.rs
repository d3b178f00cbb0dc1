//! Those who work here: the second factor, and what a role may do.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use wolo_api::proof::{self, Proof};
use wolo_api::tokens::Bearer;
use wolo_database::accounts::{roles, sessions};
use wolo_database::audit::Doer;
use wolo_database::pots;
use wolo_domain::accounts::Role;
use wolo_domain::ids::UserId;
use wolo_domain::pots::Visibility;
use wolo_sandbox::phones;

use crate::app::{TestApp, key};
use crate::reply::Reply;

pub(crate) const PASSWORD: &str = "des mangues au marché";
const AUTH: &str = "/api/users/auth";

/// Somebody with a password and a role, and their phone.
pub(crate) async fn hired(app: &TestApp, role: Role) -> (UserId, String) {
    let phone = phones::unused();
    let wanted = json!({ "name": "Ibou", "birth_date": "1980-01-01", "phone": phone, "password": PASSWORD });
    let sent = app.send(&format!("{AUTH}/register"), &wanted).await.expect(202);
    let given = json!({ "code_id": sent["code_id"], "code": app.code(&phone).await });
    let session = app.send(&format!("{AUTH}/otp/verify"), &given).await.expect(200);
    let user: UserId = session["user"].as_str().unwrap().parse().unwrap();
    let owner = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let mut operator = owner.acquire().await.unwrap();
    roles::grant(&mut operator, user, role, Doer::new("operator:test", "a test")).await.unwrap();
    let me = Reply::of(app.get(&format!("{AUTH}/me")).bearer_auth(session["access_token"].as_str().unwrap()));
    me.await.problem(401, "token_invalid");
    (user, phone)
}

/// What an authenticator shows for the secret in this address.
pub(crate) fn totp(uri: &str, steps_from_now: i64) -> String {
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String =
        secret.chars().map(|c| format!("{:05b}", alphabet.find(c).unwrap())).collect::<Vec<_>>().concat();
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|byte| u8::from_str_radix(&bits[byte * 8..byte * 8 + 8], 2).unwrap())
        .collect();
    let step = chrono::Utc::now().timestamp() / 30 + steps_from_now;
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), &step.to_be_bytes());
    let hash = tag.as_ref();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

async fn half_way(app: &TestApp, phone: &str) -> Value {
    let body = json!({ "phone": phone, "password": PASSWORD });
    let answer = app.send(&format!("{AUTH}/login"), &body).await.expect(200);
    assert_eq!(answer.get("access_token"), None, "a password alone opens no session: {answer}");
    answer
}

async fn give(app: &TestApp, challenge: &Value, code: &str) -> Reply {
    let giving = json!({ "challenge": challenge, "code": code });
    app.send(&format!("{AUTH}/second-factor"), &giving).await
}

#[tokio::test]
async fn those_who_work_here_sign_in_with_a_second_factor() {
    let app = TestApp::start().await;
    let (_, phone) = hired(&app, Role::Support).await;
    let first = half_way(&app, &phone).await;
    assert_eq!((&first["second_factor"], &first["enrolled"]), (&json!("totp"), &json!(false)));
    let enrol = async |challenge: &Value| {
        app.send(&format!("{AUTH}/second-factor/enrol"), &json!({ "challenge": challenge })).await
    };
    let enrolled = enrol(&first["challenge"]).await.expect(200);
    let uri = enrolled["otpauth_uri"].as_str().unwrap();
    give(&app, &first["challenge"], "000000").await.problem(401, "code_wrong");
    let code = totp(uri, 0);
    let session = give(&app, &first["challenge"], &code).await.expect(200);
    give(&app, &first["challenge"], &code).await.problem(401, "code_wrong");

    let token = session["access_token"].as_str().unwrap();
    let me = Reply::of(app.get(&format!("{AUTH}/me")).bearer_auth(token)).await.expect(200);
    assert_eq!(me["roles"], json!(["support"]));
    let services = Reply::of(app.get("/services").bearer_auth(token)).await.expect(200);
    assert_eq!((&services["postgres"], &services["temporal"]), (&json!(true), &json!(true)));
    assert_eq!(services["redis"], Value::Null, "there is none in this world");
    assert!(services["queues"].as_array().unwrap().iter().any(|queue| queue["name"] == "money"));

    // The next time the device is known, and nobody sets up another one with the password alone.
    let second = half_way(&app, &phone).await;
    assert_eq!(second["enrolled"], true);
    enrol(&second["challenge"]).await.problem(409, "second_factor_there");
    let recovery = enrolled["recovery_codes"][3].as_str().unwrap();
    give(&app, &second["challenge"], recovery).await.expect(200);
    give(&app, &second["challenge"], recovery).await.problem(401, "code_wrong");
    // What is half way is no token, and a token is not half way.
    let half = second["challenge"].as_str().unwrap();
    Reply::of(app.get(&format!("{AUTH}/me")).bearer_auth(half)).await.problem(401, "token_invalid");
    give(&app, &session["access_token"], &totp(uri, 1)).await.problem(401, "token_invalid");
}

#[tokio::test]
async fn a_code_proves_once_that_somebody_decides_in_their_own_name() {
    let app = TestApp::start().await;
    let (user, phone) = hired(&app, Role::Finance).await;
    let owner = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let proves = async |code: &str| proof::proves(&app.settings, &owner, user, code).await.unwrap();
    assert_eq!(proves("000000").await, Proof::NoFactor);
    let first = half_way(&app, &phone).await;
    let challenge = json!({ "challenge": first["challenge"] });
    let enrolled = app.send(&format!("{AUTH}/second-factor/enrol"), &challenge).await.expect(200);
    let uri = enrolled["otpauth_uri"].as_str().unwrap();
    let code = totp(uri, 0);
    assert_eq!(proves(&code).await, Proof::NoFactor, "its holder has not shown that the device has it");
    give(&app, &first["challenge"], &code).await.expect(200);
    assert_eq!(proves(&code).await, Proof::Wrong, "it has counted");
    let next = totp(uri, 1);
    assert_eq!(proves(&next).await, Proof::Given);
    assert_eq!(proves(&next).await, Proof::Wrong);
    // A right one is no guess, and takes away what was wrong before it.
    for recovery in 1..6 {
        for _ in 0..app.settings.accounts.guesses / 2 {
            assert_eq!(proves("000000").await, Proof::Wrong);
        }
        assert_eq!(proves(enrolled["recovery_codes"][recovery].as_str().unwrap()).await, Proof::Given);
    }
    for _ in 0..app.settings.accounts.guesses {
        proves("000000").await;
    }
    let recovery = enrolled["recovery_codes"][0].as_str().unwrap();
    assert!(matches!(proves(recovery).await, Proof::TooMany { .. }));
}

#[tokio::test]
async fn a_token_that_belongs_to_no_session_ends_with_those_of_its_person() {
    let app = TestApp::start().await;
    let (user, phone) = hired(&app, Role::Support).await;
    let owner = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let mut operator = owner.acquire().await.unwrap();
    let minted = async || {
        let epoch = sessions::epoch(&app.pool, user).await.unwrap().unwrap();
        let bearer =
            Bearer { epoch, roles: vec![Role::Support], amr: vec!["cli".to_owned()], ..Bearer::default() };
        app.token_with(user, bearer)
    };
    let ask = async |token: &str| Reply::of(app.get("/services").bearer_auth(token)).await;

    let token = minted().await;
    ask(&token).await.expect(200);
    assert!(
        roles::revoke(&mut operator, user, Role::Support, Doer::new("operator:test", "in a test"))
            .await
            .unwrap()
    );
    ask(&token).await.problem(401, "token_invalid");

    let token = minted().await;
    roles::lock(&mut operator, user, Doer::new("test", "a test")).await.unwrap();
    ask(&token).await.problem(401, "token_invalid");
    roles::unlock(&mut operator, user, Doer::new("test", "in a test")).await.unwrap();
    ask(&token).await.problem(401, "token_invalid");

    let token = minted().await;
    let left = Reply::of(app.post(&format!("{AUTH}/logout")).bearer_auth(&token)).await;
    assert_eq!(left.status, 204);
    ask(&token).await.problem(401, "token_invalid");

    // Neither does what waits for its second factor go on after a password was changed.
    roles::grant(&mut operator, user, Role::Support, Doer::new("operator:test", "a test")).await.unwrap();
    let waits = half_way(&app, &phone).await;
    let sent = app.send(&format!("{AUTH}/forgot-password"), &json!({ "phone": phone })).await.expect(202);
    let code = app.code(&phone).await;
    let reset = json!({ "code_id": sent["code_id"], "code": code, "password": "des goyaves au marché" });
    assert_eq!(app.send(&format!("{AUTH}/reset-password"), &reset).await.status, 204);
    let stale = json!({ "challenge": waits["challenge"] });
    app.send(&format!("{AUTH}/second-factor/enrol"), &stale).await.problem(401, "token_invalid");
}

#[tokio::test]
async fn a_pot_is_stopped_and_let_go_by_those_who_may() {
    let app = TestApp::start().await;
    let owner = app.person(10).await;
    let made =
        app.make_pot(owner, &key(), &json!({ "title": "x", "visibility": "public" })).await.expect(201);
    let pot = made["id"].as_str().unwrap();
    let support = app.person(100).await;
    let decide = async |what: &str, token: String, body: Value| {
        let request = app.post(&format!("/api/admin/pots/{pot}/{what}")).bearer_auth(token);
        Reply::of(request.json(&body)).await
    };
    let reason = || json!({ "reason": "le titre est insultant" });
    let good = || app.staff_token(support, Role::Support);
    decide("hold", app.token(owner), reason()).await.problem(403, "not_allowed");
    decide("hold", app.staff_token(support, Role::Finance), reason()).await.problem(403, "not_allowed");
    let weak = Bearer { roles: vec![Role::Superadmin], amr: vec!["pwd".to_owned()], ..Bearer::default() };
    decide("hold", app.token_with(support, weak), reason()).await.problem(403, "second_factor_needed");
    decide("hold", good(), json!({ "reason": " " })).await.wrong_field(422, "reason");
    for _ in 0..2 {
        assert_eq!(decide("hold", good(), reason()).await.status, 204);
    }
    assert_eq!(app.look_at(pot, Some(owner)).await.json()["holds"][0]["reason"], "moderation");
    app.look_at(pot, None).await.problem(404, "pot_unknown");
    for _ in 0..2 {
        assert_eq!(decide("release", good(), reason()).await.status, 204);
    }
    app.look_at(pot, None).await.expect(200);
    let nowhere = app.post("/api/admin/pots/pot_00000000000000000000000000000001/hold");
    Reply::of(nowhere.bearer_auth(good()).json(&reason())).await.problem(404, "pot_unknown");
}

#[tokio::test]
async fn a_pot_without_a_process_is_not_stopped_in_silence() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let token = app.staff_token(app.person(100).await, Role::Superadmin);
    let decide = async |what: &str| {
        let request = app.post(&format!("/api/admin/pots/{pot}/{what}")).bearer_auth(&token);
        Reply::of(request.json(&json!({ "reason": "x" }))).await
    };
    // Somebody ended it, and an operator has to start it again.
    for what in ["hold", "release"] {
        decide(what).await.problem(503, "engine_unavailable");
    }
    // It ended with its pot.
    pots::cancel(&app.pool, pot, chrono::Utc::now()).await.unwrap();
    for what in ["hold", "release"] {
        decide(what).await.problem(409, "pot_ended");
    }
}

#[tokio::test]
async fn a_payout_is_approved_by_those_who_may_and_only_where_one_waits() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let approve = async |token: String, body: Value| {
        let request = app.post(&format!("/api/admin/payouts/{pot}/approve")).bearer_auth(token);
        Reply::of(request.json(&body)).await
    };
    let reason = || json!({ "reason": "j'ai appelé la propriétaire" });
    let finance = app.person(100).await;
    approve(app.token(owner), reason()).await.problem(403, "not_allowed");
    approve(app.staff_token(finance, Role::Support), reason()).await.problem(403, "not_allowed");
    let good = || app.staff_token(finance, Role::Finance);
    approve(good(), json!({ "reason": " " })).await.wrong_field(422, "reason");
    approve(good(), reason()).await.problem(404, "payout_unknown");
}
