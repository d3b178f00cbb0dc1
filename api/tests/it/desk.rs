//! The admin pages: who comes in, what each role sees, and that nobody else sees anything.

use chrono::Utc;
use reqwest::header::{COOKIE, SET_COOKIE};
use uuid::Uuid;
use wolo_database::accounts::roles;
use wolo_database::audit::{self, Doer};
use wolo_domain::accounts::Role;
use wolo_domain::audit::{Action, Happening, Record};
use wolo_domain::ids::UserId;
use wolo_domain::pots::Visibility;
use wolo_domain::seals::SealingKey;

use crate::app::TestApp;
use crate::reply::Reply;
use crate::staff::{PASSWORD, hired, totp};

const PAGES: [&str; 7] = [
    "/admin",
    "/admin/stuck",
    "/admin/cases",
    "/admin/discrepancies",
    "/admin/messages",
    "/admin/figures",
    "/admin/audit",
];

async fn posted(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Reply {
    Reply::of(app.post(path).header("accept", "text/html").form(fields)).await
}

async fn page(app: &TestApp, path: &str, cookie: &str) -> Reply {
    Reply::of(app.get(path).header("accept", "text/html").header(COOKIE, cookie)).await
}

/// What stands in a page's hidden field.
fn hidden(page: &Reply, name: &str) -> String {
    let field = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1);
    field.unwrap_or_else(|| panic!("no {name} in {}", page.body)).split('"').next().unwrap().to_owned()
}

fn cookie_of(reply: &Reply) -> String {
    let set = reply.headers[SET_COOKIE].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/admin"] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

/// Somebody with this role, at their desk for the first time: their id, their cookie and the address of their second factor.
async fn seated(app: &TestApp, role: Role) -> (UserId, String, String) {
    let (user, phone) = hired(app, role).await;
    let first = posted(app, "/admin/login", &[("contact", &phone), ("password", PASSWORD)]).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let challenge = hidden(&first, "challenge");
    let enrolled = posted(app, "/admin/login/enrol", &[("challenge", &challenge)]).await;
    assert!(enrolled.body.contains("<svg") && enrolled.body.matches("<li><code>").count() >= 8);
    let uri = enrolled.body.split("href=\"otpauth:").nth(1).unwrap().split('"').next().unwrap();
    let uri = format!("otpauth:{}", uri.replace("&amp;", "&"));
    let giving = [("challenge", challenge.as_str()), ("code", &totp(&uri, 0))];
    let entered = posted(app, "/admin/login/second-factor", &giving).await;
    assert_eq!((entered.status.as_u16(), entered.header("location")), (303, "/admin"));
    (user, cookie_of(&entered), uri)
}

#[tokio::test]
async fn each_role_comes_in_and_sees_what_it_may_and_nothing_else() {
    let app = TestApp::start().await;
    app.open_pot(Visibility::Public).await;
    for (role, sees) in [
        (Role::Support, [true, true, false, true, true, true, false]),
        (Role::Reviewer, [true, true, true, false, false, false, false]),
        (Role::Finance, [true, true, false, true, false, true, false]),
        (Role::Superadmin, [true, true, true, true, true, true, true]),
    ] {
        let (_, cookie, _) = seated(&app, role).await;
        let first = page(&app, "/admin", &cookie).await;
        assert!(first.body.contains("Aujourd’hui"), "{}", first.body);
        assert_eq!(
            first.body.contains("Chez Wave"),
            role != Role::Reviewer,
            "whoever keeps no books sees none"
        );
        for (path, sees) in PAGES.into_iter().zip(sees) {
            let shown = page(&app, path, &cookie).await;
            assert_eq!(shown.status, if sees { 200 } else { 403 }, "{role} at {path}: {}", shown.body);
            assert_eq!(
                first.body.contains(&format!("<a href=\"{path}\"")),
                sees,
                "{role}: {path} in the menu"
            );
            assert!(shown.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
            assert_eq!(shown.headers["cache-control"], "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_shown_where_one_signs_in() {
    let app = TestApp::start().await;
    let (user, cookie, _) = seated(&app, Role::Superadmin).await;
    let (name, token) = cookie.split_once('=').unwrap();
    let bearer = app.staff_token(user, Role::Superadmin);
    let broken = format!("{}x", &token[..token.len() - 1]);
    for cookie in
        ["", &format!("{name}={bearer}"), &format!("{name}={broken}"), &format!("wolo_guardian={token}")]
    {
        for path in PAGES {
            let turned = page(&app, path, cookie).await;
            assert_eq!((turned.status.as_u16(), turned.header("location")), (303, "/admin/login"), "{path}");
        }
    }
    // What the browser keeps is good for these pages alone.
    Reply::of(app.get("/services").bearer_auth(token)).await.problem(401, "token_invalid");
    assert_eq!(page(&app, "/admin", &cookie).await.status, 200);
}

#[tokio::test]
async fn a_session_ends_when_it_is_left_and_when_the_role_goes() {
    let app = TestApp::start().await;
    let (_, cookie, _) = seated(&app, Role::Support).await;
    let leave = || app.post("/admin/logout").header(COOKIE, &cookie);
    Reply::of(leave().header("sec-fetch-site", "cross-site")).await.problem(403, "from_elsewhere");
    assert_eq!(page(&app, "/admin", &cookie).await.status, 200);
    let left = Reply::of(leave()).await;
    assert_eq!((left.status.as_u16(), cookie_of(&left)), (303, "wolo_desk=".to_owned()));
    assert_eq!(page(&app, "/admin", &cookie).await.status, 303);

    let (user, cookie, _) = seated(&app, Role::Support).await;
    let owner = app.owner_pool();
    let mut operator = owner.acquire().await.unwrap();
    roles::revoke(&mut operator, user, Role::Support, Doer::new("operator:test", "a test")).await.unwrap();
    assert_eq!(page(&app, "/admin", &cookie).await.status, 303);
}

#[tokio::test]
async fn a_code_opens_the_way_too_and_what_is_wrong_is_said_on_the_form() {
    let app = TestApp::start().await;
    let (_, phone) = hired(&app, Role::Finance).await;
    let asked = posted(&app, "/admin/login", &[("contact", &phone), ("by", "code")]).await;
    let code_id = hidden(&asked, "code_id");
    let wrong = posted(&app, "/admin/login/code", &[("code_id", &code_id), ("code", "000000")]).await;
    assert_eq!((wrong.status.as_u16(), hidden(&wrong, "code_id")), (401, code_id.clone()));
    assert!(wrong.body.contains("role=\"alert\""), "{}", wrong.body);
    let code = app.code(&phone).await;
    let proved = posted(&app, "/admin/login/code", &[("code_id", &code_id), ("code", &code)]).await;
    assert_eq!(proved.status, 200);
    hidden(&proved, "challenge");

    let hostile = "\"><script>alert(1)</script>@x.sn";
    let wrong = posted(&app, "/admin/login", &[("contact", hostile), ("password", "x")]).await;
    assert_eq!(wrong.status, 401);
    assert!(!wrong.body.contains("<script>alert"), "{}", wrong.body);
    // Whoever does not work here is told so, and no session begins for them.
    let stranger = posted(&app, "/admin/login", &[("contact", "+221759999999"), ("by", "code")]).await;
    assert_eq!(stranger.status, 200, "nothing tells whether there is an account");
    hidden(&stranger, "code_id");
}

#[tokio::test]
async fn whoever_does_not_work_here_does_not_come_in_with_their_password() {
    let app = TestApp::start().await;
    let (user, phone) = hired(&app, Role::Support).await;
    let owner = app.owner_pool();
    let mut operator = owner.acquire().await.unwrap();
    roles::revoke(&mut operator, user, Role::Support, Doer::new("operator:test", "a test")).await.unwrap();
    let sessions = async || {
        let sql = format!("select count(*) from people.sessions where user_id = '{}'", user.uuid());
        app.read::<i64>(&sql).await
    };
    let before = sessions().await;
    let refused = posted(&app, "/admin/login", &[("contact", &phone), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(sessions().await, before);
}

#[tokio::test]
async fn the_trail_is_read_from_its_end_and_by_what_it_is_about() {
    let app = TestApp::start().await;
    let (user, cookie, _) = seated(&app, Role::Superadmin).await;
    // No worker carries on what is noted here, so the line is put there by hand.
    let key = SealingKey::from_seed("test", &[7; 32]).unwrap();
    let record = Record {
        id: Uuid::now_v7(),
        at: Utc::now(),
        by: "operator:test".to_owned(),
        happening: Happening::new(Action::RoleGranted, user),
        reason: "<b>a test</b>".to_owned(),
    };
    audit::append(&app.pool, &record, &key).await.unwrap();
    let found = page(&app, &format!("/admin/audit?about={user}"), &cookie).await;
    for told in ["role_granted", "operator:test", "&lt;b&gt;a test"] {
        assert!(found.body.contains(told), "{told}: {}", found.body);
    }
    assert_eq!(page(&app, "/admin/audit?about=usr_nobody", &cookie).await.body.matches("<tr>").count(), 0);
    for wrong in ["after=yesterday", "about=%00"] {
        assert_eq!(page(&app, &format!("/admin/audit?{wrong}"), &cookie).await.status, 422);
    }
}
