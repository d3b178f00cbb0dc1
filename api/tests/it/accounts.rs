//! Accounts over HTTP: what a person does, and what nobody can do to them.

use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use wolo_domain::notices::Says;
use wolo_sandbox::phones;

use crate::app::TestApp;
use crate::reply::Reply;

const PASSWORD: &str = "des mangues au marché";
const AUTH: &str = "/api/users/auth";

fn wanted(phone: &str) -> Value {
    json!({ "name": "Awa Ndiaye", "birth_date": "1999-12-31", "phone": phone, "password": PASSWORD })
}

/// Registers and gives the code back.
async fn registered(app: &TestApp, phone: &str) -> Value {
    let sent = app.send(&format!("{AUTH}/register"), &wanted(phone)).await.expect(202);
    let given = json!({ "code_id": sent["code_id"], "code": app.code(phone).await, "device": "Téléphone" });
    app.send(&format!("{AUTH}/otp/verify"), &given).await.expect(200)
}

async fn login(app: &TestApp, phone: &str, password: &str) -> Reply {
    app.send(&format!("{AUTH}/login"), &json!({ "phone": phone, "password": password })).await
}

async fn me(app: &TestApp, session: &Value) -> Reply {
    let token = session["access_token"].as_str().unwrap();
    Reply::of(app.get(&format!("{AUTH}/me")).bearer_auth(token)).await
}

async fn refresh(app: &TestApp, token: &Value) -> Reply {
    app.send(&format!("{AUTH}/refresh-token"), &json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn a_person_registers_with_a_code_and_signs_in_with_a_password() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let session = registered(&app, &phone).await;
    let account = me(&app, &session).await.expect(200);
    assert_eq!((&account["name"], &account["phone"]), (&json!("Awa Ndiaye"), &json!(phone)));
    assert_eq!(account["roles"], json!([]));
    // The number is known again as people write it.
    let spaced = format!("{} {}", &phone[4..6], &phone[6..]);
    let again = login(&app, &spaced, PASSWORD).await.expect(200);
    assert_eq!(again["user"], session["user"]);
    assert_eq!((&again["token_type"], &again["expires_in"]), (&json!("Bearer"), &json!(900)));
}

#[tokio::test]
async fn an_account_that_cannot_be_is_refused_field_by_field() {
    let app = TestApp::start().await;
    let with = |field: &str, value: Value| {
        let mut body = wanted("+221771112233");
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("name", json!(" ")), "name"),
        (with("name", json!("\u{200b}")), "name"),
        (with("name", json!("Awa \u{202e}eyaidN")), "name"),
        (with("language", json!("de")), "language"),
        (with("language", json!(7)), "language"),
        (with("birth_date", json!("2999-01-01")), "birth_date"),
        (with("birth_date", json!("1850-01-01")), "birth_date"),
        (with("birth_date", json!("31/12/1999")), "birth_date"),
        (with("phone", json!("12")), "phone"),
        (with("email", json!("awa@example.sn")), "phone"),
        (with("password", json!("court")), "password"),
        (with("password", json!("motdepasse")), "password"),
        (with("password", json!("awa ndiaye")), "password"),
        (with("role", json!("superadmin")), "role"),
        (json!({ "name": "x", "birth_date": "1999-12-31" }), "phone"),
        (json!({ "name": "x", "birth_date": "1999-12-31", "email": "awa" }), "email"),
    ] {
        app.send(&format!("{AUTH}/register"), &body).await.wrong_field(422, field);
    }
}

#[tokio::test]
async fn whoever_asks_cannot_tell_an_account_that_is_there_from_one_that_is_not() {
    let app = TestApp::start().await;
    let (known, unknown) = (phones::unused(), phones::unused());
    registered(&app, &known).await;
    let shape = |reply: &Reply| {
        let keys: Vec<_> = reply.json().as_object().unwrap().keys().cloned().collect();
        (reply.status, keys, reply.header("content-type").to_owned())
    };
    for path in ["otp/request", "forgot-password"] {
        let ask = async |phone: &str| app.send(&format!("{AUTH}/{path}"), &json!({ "phone": phone })).await;
        assert_eq!(shape(&ask(&known).await), shape(&ask(&unknown).await), "{path}");
    }
    // Three codes were sent to the first; another account has its own measure.
    let (known, unknown) = (phones::unused(), phones::unused());
    registered(&app, &known).await;
    let register = async |phone: &str| app.send(&format!("{AUTH}/register"), &wanted(phone)).await;
    assert_eq!(shape(&register(&known).await), shape(&register(&unknown).await));
    // The holder of the account is told; whoever asked is not.
    let letters = app.letters(&known).await;
    assert!(letters.iter().any(|letter| letter.says == Says::AlreadyRegistered));
    // Nor from how often a code may be sent again: three are sent within ten minutes, to whoever.
    let mut asked = Vec::new();
    for phone in [&known, &unknown] {
        let fresh = if phone == &known { known.clone() } else { phones::unused() };
        let sent = register(&fresh).await;
        let again = json!({ "code_id": sent.json()["code_id"] });
        let mut statuses = vec![sent.status.as_u16()];
        for _ in 0..3 {
            let reply = app.send(&format!("{AUTH}/resend-verification"), &again).await;
            statuses.push(reply.status.as_u16());
        }
        asked.push(statuses);
    }
    assert_eq!(asked[0].last(), asked[1].last());
    let bodies =
        [login(&app, &known, "not the password").await, login(&app, &unknown, "not the password").await];
    assert_eq!(bodies[0].problem(401, "credentials_wrong"), bodies[1].problem(401, "credentials_wrong"));
    let code_of_nobody =
        app.send(&format!("{AUTH}/otp/request"), &json!({ "phone": phones::unused() })).await.expect(202);
    for code in ["000000", "123456"] {
        let given = json!({ "code_id": code_of_nobody["code_id"], "code": code });
        app.send(&format!("{AUTH}/otp/verify"), &given).await.problem(401, "code_wrong");
    }
}

#[tokio::test]
async fn a_code_signs_in_once_and_has_five_tries() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let session = registered(&app, &phone).await;
    let ask = async || app.send(&format!("{AUTH}/otp/request"), &json!({ "phone": phone })).await.expect(202);
    let give = async |sent: &Value, code: &str| {
        let given = json!({ "code_id": sent["code_id"], "code": code });
        app.send(&format!("{AUTH}/otp/verify"), &given).await
    };
    let sent = ask().await;
    let code = app.code(&phone).await;
    assert_eq!(give(&sent, &code).await.expect(200)["user"], session["user"]);
    give(&sent, &code).await.problem(401, "code_wrong");
    let sent = ask().await;
    let code = app.code(&phone).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        give(&sent, wrong).await.problem(401, "code_wrong");
    }
    give(&sent, &code).await.problem(401, "code_wrong");
    // Three were sent within ten minutes, the first when registering.
    let reply = app.send(&format!("{AUTH}/otp/request"), &json!({ "phone": phone })).await;
    reply.problem(429, "too_many_codes");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 500);
}

#[tokio::test]
async fn parallel_guesses_at_a_password_are_looked_at_no_more_often_than_the_limit() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    registered(&app, &phone).await;
    let replies = join_all((0..60).map(|_| login(&app, &phone, "a guess that is wrong"))).await;
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((looked_at, refused), (10, 50));
    let late = login(&app, &phone, PASSWORD).await;
    late.problem(429, "too_many_guesses");
    assert!(late.header("retry-after").parse::<u64>().unwrap() <= 900);
    // Somebody who is not there has the same limit.
    let nobody = phones::unused();
    let replies = join_all((0..12).map(|_| login(&app, &nobody, "a guess that is wrong"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 2);
}

#[tokio::test]
async fn an_account_has_one_measure_of_guesses_by_whichever_contact_it_is_tried() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let session = registered(&app, &phone).await;
    let email = format!("{}@example.sn", &phone[1..]);
    let user: wolo_domain::ids::UserId = session["user"].as_str().unwrap().parse().unwrap();
    let proved = format!("update people.users set email = '{email}' where user_id = '{}'", user.uuid());
    sqlx::raw_sql(sqlx::AssertSqlSafe(proved)).execute(&app.pool).await.unwrap();
    let by_email = json!({ "email": email, "password": "a guess that is wrong" });
    for turn in 0..10 {
        let reply = if turn % 2 == 0 {
            login(&app, &phone, "a guess that is wrong").await
        } else {
            app.send(&format!("{AUTH}/login"), &by_email).await
        };
        reply.problem(401, "credentials_wrong");
    }
    app.send(&format!("{AUTH}/login"), &by_email).await.problem(429, "too_many_guesses");
    login(&app, &phone, PASSWORD).await.problem(429, "too_many_guesses");
}

#[tokio::test]
async fn a_lost_reply_gets_the_same_child_and_an_old_token_ends_the_session() {
    let app = TestApp::start().await;
    let first = registered(&app, &phones::unused()).await;
    let children = join_all((0..64).map(|_| refresh(&app, &first["refresh_token"]))).await;
    let second = children[0].expect(200);
    for child in &children {
        assert_eq!(child.expect(200)["refresh_token"], second["refresh_token"]);
    }
    let third = refresh(&app, &second["refresh_token"]).await.expect(200);
    me(&app, &third).await.expect(200);
    // Somebody kept a copy of the first.
    refresh(&app, &first["refresh_token"]).await.problem(401, "refresh_refused");
    for session in [&second, &third] {
        refresh(&app, &session["refresh_token"]).await.problem(401, "refresh_refused");
        me(&app, session).await.problem(401, "token_invalid");
    }
    refresh(&app, &json!("nobody's")).await.problem(401, "refresh_refused");
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once_here_or_everywhere() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let one = registered(&app, &phone).await;
    let two = login(&app, &phone, PASSWORD).await.expect(200);
    let three = login(&app, &phone, PASSWORD).await.expect(200);
    let bearer = |session: &Value| session["access_token"].as_str().unwrap().to_owned();
    let list = Reply::of(app.get(&format!("{AUTH}/sessions")).bearer_auth(bearer(&two))).await.expect(200);
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let foreign = registered(&app, &phones::unused()).await;
    let other =
        sessions.iter().find(|session| session["device"] == "Téléphone").unwrap()["id"].as_str().unwrap();
    let end = |token: String| {
        let request = app.request(reqwest::Method::DELETE, &format!("{AUTH}/sessions/{other}"));
        Reply::of(request.bearer_auth(token))
    };
    end(bearer(&foreign)).await.problem(404, "session_unknown");
    assert_eq!(end(bearer(&two)).await.status, 204);
    me(&app, &one).await.problem(401, "token_invalid");
    assert_eq!(Reply::of(app.post(&format!("{AUTH}/logout")).bearer_auth(bearer(&two))).await.status, 204);
    me(&app, &two).await.problem(401, "token_invalid");
    me(&app, &three).await.expect(200);
    let everywhere = app.post(&format!("{AUTH}/logout")).bearer_auth(bearer(&three));
    assert_eq!(Reply::of(everywhere.json(&json!({ "everywhere": true }))).await.status, 204);
    me(&app, &three).await.problem(401, "token_invalid");
    refresh(&app, &three["refresh_token"]).await.problem(401, "refresh_refused");
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_and_every_session_ends() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let session = registered(&app, &phone).await;
    let sent = app.send(&format!("{AUTH}/forgot-password"), &json!({ "phone": phone })).await.expect(202);
    let code = app.code(&phone).await;
    let reset = |password: &str, code: &str| json!({ "code_id": sent["code_id"], "code": code, "password": password });
    let path = format!("{AUTH}/reset-password");
    app.send(&path, &reset("court", &code)).await.wrong_field(422, "password");
    // A code to choose a password opens no session.
    let given = json!({ "code_id": sent["code_id"], "code": code });
    app.send(&format!("{AUTH}/otp/verify"), &given).await.problem(401, "code_wrong");
    assert_eq!(app.send(&path, &reset("une autre longue phrase", &code)).await.status, 204);
    app.send(&path, &reset("encore une autre phrase", &code)).await.problem(401, "code_wrong");
    me(&app, &session).await.problem(401, "token_invalid");
    login(&app, &phone, PASSWORD).await.problem(401, "credentials_wrong");
    let session = login(&app, &phone, "une autre longue phrase").await.expect(200);
    let letters = app.letters(&phone).await;
    assert!(letters.iter().any(|letter| letter.says == Says::PasswordChanged));

    let change = async |current: &str| {
        let request = app.request(reqwest::Method::PUT, &format!("{AUTH}/password"));
        let request = request.bearer_auth(session["access_token"].as_str().unwrap());
        Reply::of(request.json(&json!({ "current": current, "password": PASSWORD }))).await
    };
    change("not the one").await.problem(401, "credentials_wrong");
    assert_eq!(change("une autre longue phrase").await.status, 204);
    me(&app, &session).await.expect(200);
    login(&app, &phone, PASSWORD).await.expect(200);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test writes what the earlier system wrote")]
async fn a_hash_of_the_earlier_system_signs_in_and_is_replaced() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    let session = registered(&app, &phone).await;
    let owner = wolo_database::connect(&app.world().postgres.url("wolo"), 1).await.unwrap();
    let user: wolo_domain::ids::UserId = session["user"].as_str().unwrap().parse().unwrap();
    let hash = bcrypt::hash("une vieille phrase", 4).unwrap();
    let set = format!("update people.passwords set hash = '{hash}' where user_id = '{}'", user.uuid());
    sqlx::query(AssertSqlSafe(set)).execute(&owner).await.unwrap();
    login(&app, &phone, "une vieille phrase").await.expect(200);
    let kept: String =
        app.read(&format!("select hash from people.passwords where user_id = '{}'", user.uuid())).await;
    assert!(kept.starts_with("$argon2id$"), "{kept}");
    login(&app, &phone, "une vieille phrase").await.expect(200);
}

#[tokio::test]
async fn what_people_say_of_themselves_is_theirs_to_change_but_for_the_birth_date() {
    let app = TestApp::start().await;
    let session = registered(&app, &phones::unused()).await;
    let token = session["access_token"].as_str().unwrap();
    let put = async |path: &str, body: Value| {
        Reply::of(app.request(reqwest::Method::PUT, path).bearer_auth(token).json(&body)).await
    };
    let profile = "/api/users/profile";
    let changed = put(profile, json!({ "name": "Awa N.", "language": "wo" })).await.expect(200);
    assert_eq!((&changed["name"], &changed["language"]), (&json!("Awa N."), &json!("wo")));
    let dated = json!({ "name": "Awa", "language": "fr", "birth_date": "1990-01-01" });
    put(profile, dated).await.wrong_field(422, "birth_date");
    put(profile, json!({ "name": "Awa", "language": "de" })).await.wrong_field(422, "language");
    let preferences = "/api/users/preferences";
    let muted = put(preferences, json!({ "muted": ["wishes", "reminders", "wishes"] })).await.expect(200);
    assert_eq!(muted["muted"], json!(["reminders", "wishes"]));
    assert_eq!(put(preferences, json!({ "muted": ["money"] })).await.status, 422);
    let kept = Reply::of(app.get(preferences).bearer_auth(token)).await.expect(200);
    assert_eq!(kept["muted"], json!(["reminders", "wishes"]));
    assert_eq!(kept["birthday_pot"], json!(true), "nobody has to ask for a pot");
    put(preferences, json!({ "muted": [], "birthday_pot": false })).await.expect(200);
    let kept = put(preferences, json!({ "muted": [] })).await.expect(200);
    assert_eq!(kept["birthday_pot"], json!(false), "what nobody speaks of stays");
}

#[tokio::test]
async fn a_new_contact_is_the_accounts_when_its_code_comes_back() {
    let app = TestApp::start().await;
    let session = registered(&app, &phones::unused()).await;
    let token = session["access_token"].as_str().unwrap();
    let mail = format!("awa.{}@example.sn", Uuid::new_v4().simple());
    let ask = async |body: Value| {
        Reply::of(app.post("/api/users/profile/contact").bearer_auth(token).json(&body)).await
    };
    let sent = ask(json!({ "email": mail })).await.expect(202);
    assert_eq!(me(&app, &session).await.expect(200)["email"], Value::Null);
    let sent = app
        .send(&format!("{AUTH}/resend-verification"), &json!({ "code_id": sent["code_id"] }))
        .await
        .expect(202);
    let given = json!({ "code_id": sent["code_id"], "code": app.code(&mail).await });
    assert_eq!(app.send(&format!("{AUTH}/verify-email"), &given).await.status, 204);
    assert_eq!(me(&app, &session).await.expect(200)["email"], json!(mail));
    // Somebody else's contact sends its holder nothing, and asks no differently.
    let other = phones::unused();
    registered(&app, &other).await;
    let letters = app.letters(&other).await.len();
    ask(json!({ "phone": other })).await.expect(202);
    assert_eq!(app.letters(&other).await.len(), letters);
    let nothing = json!({ "code_id": Uuid::new_v4() });
    app.send(&format!("{AUTH}/resend-verification"), &nothing).await.expect(202);
}

#[tokio::test]
async fn a_device_that_is_new_is_told_of() {
    let app = TestApp::start().await;
    let phone = phones::unused();
    registered(&app, &phone).await;
    let told = async || {
        let letters = app.letters(&phone).await;
        letters.iter().filter(|letter| matches!(letter.says, Says::NewDevice { .. })).count()
    };
    assert_eq!(told().await, 0, "the first device is nobody's surprise");
    for (device, expected) in [("Téléphone", 0), ("Ordinateur", 1), ("Ordinateur", 1)] {
        let body = json!({ "phone": phone, "password": PASSWORD, "device": device });
        app.send(&format!("{AUTH}/login"), &body).await.expect(200);
        assert_eq!(told().await, expected, "{device}");
    }
}

#[tokio::test]
async fn the_keys_that_check_tokens_are_published() {
    let app = TestApp::start().await;
    let reply = Reply::of(app.get("/.well-known/jwks.json")).await;
    let keys = reply.expect(200);
    assert_eq!(keys["keys"][0]["kty"], "OKP");
    assert_eq!(keys["keys"][0]["kid"], app.settings.tokens.key_id);
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
}
