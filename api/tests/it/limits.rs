//! How often one caller may ask, and who counts as one caller.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use wolo_domain::pots::Visibility;
use wolo_sandbox::phones;

use crate::app::{TestApp, key};
use crate::reply::Reply;

/// An API where one may look so often.
async fn with_reads(rate: &str) -> TestApp {
    TestApp::start().await.with(|layers| layers.set("limits.read", rate)).await
}

/// How many of so many looks are let through.
pub(crate) async fn let_through(app: &TestApp, looks: u32) -> u32 {
    let mut through = 0;
    for _ in 0..looks {
        match Reply::of(app.get("/api/pots")).await.status {
            StatusCode::OK => through += 1,
            StatusCode::TOO_MANY_REQUESTS => {}
            other => panic!("{other}"),
        }
    }
    through
}

#[tokio::test]
async fn a_burst_is_exact_and_every_answer_tells_what_is_left() {
    let app = with_reads("4,1").await;
    for left in (0..4).rev() {
        let reply = Reply::of(app.get("/api/pots")).await;
        reply.expect(200);
        assert_eq!(reply.header("ratelimit-policy"), r#""read";q=4;w=240"#);
        assert_eq!(reply.header("ratelimit"), format!(r#""read";r={left};t={}"#, (4 - left) * 60));
    }
    let refused = Reply::of(app.get("/api/pots")).await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("ratelimit"), r#""read";r=0;t=240"#);
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((55..=60).contains(&wait), "{wait}");
    // Another kind of request has its own measure, and a problem of the handler tells it too.
    let reply = Reply::of(app.post("/api/pots").body("{}")).await;
    reply.problem(401, "token_missing");
    assert!(reply.header("ratelimit").starts_with("\"write\";r="), "{}", reply.header("ratelimit"));
    for path in ["/health", "/api/pots/health", "/ready", "/metrics"] {
        let reply = Reply::of(app.get(path)).await;
        assert_eq!((reply.status.as_u16(), reply.header("ratelimit")), (200, ""), "{path}");
    }
}

#[tokio::test]
async fn who_waits_as_long_as_they_are_told_is_let_through_once() {
    let app = with_reads("2,60").await;
    assert_eq!(let_through(&app, 2).await, 2);
    let began = Instant::now();
    let refused = Reply::of(app.get("/api/pots")).await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "1");
    app.until(async || (let_through(&app, 1).await == 1).then_some(())).await;
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
    assert_eq!(let_through(&app, 1).await, 0);
}

#[tokio::test]
async fn an_account_is_one_caller_wherever_it_asks_from() {
    let app = with_reads("3,1").await;
    let (here, there) = (app.from([127, 0, 0, 2]), app.from([127, 0, 0, 3]));
    let token = app.token(app.person(10).await);
    let look =
        async |app: &TestApp| Reply::of(app.get("/api/pots").bearer_auth(&token)).await.status.as_u16();
    assert_eq!(
        [look(&here).await, look(&there).await, look(&here).await, look(&there).await],
        [200, 200, 200, 429]
    );
    // Without the token they are two addresses, and not this account; a bad token makes nobody somebody.
    assert_eq!(let_through(&here, 2).await, 2);
    let bad = async || Reply::of(here.get("/api/pots").bearer_auth("a.bad.token")).await.status.as_u16();
    assert_eq!([bad().await, bad().await], [401, 429]);
    assert_eq!(let_through(&there, 4).await, 3);
}

#[tokio::test]
async fn no_header_buys_another_measure() {
    let app = with_reads("3,1").await;
    let mut statuses = Vec::new();
    for turn in 0..6 {
        let address = format!("10.1.1.{turn}");
        let request = app
            .get("/api/pots")
            .header("x-forwarded-for", &address)
            .header("x-real-ip", &address)
            .header("forwarded", format!("for={address}"))
            .header("cf-connecting-ip", &address);
        statuses.push(Reply::of(request).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
}

#[tokio::test]
async fn behind_a_proxy_only_what_it_adds_counts_and_a_network_of_ipv6_is_one_caller() {
    let app = TestApp::start().await;
    let app = app
        .with(|layers| {
            layers.set("api.client_address", "rightmost-x-forwarded-for").set("limits.read", "3,1")
        })
        .await;
    let look = async |forwarded: String| {
        Reply::of(app.get("/api/pots").header("x-forwarded-for", forwarded)).await.status.as_u16()
    };
    for (spoofed, expected) in [(0, 200), (1, 200), (2, 200), (3, 429)] {
        assert_eq!(look(format!("10.9.9.{spoofed}, 203.0.113.7")).await, expected, "{spoofed}");
    }
    // The same address, as IPv6 writes it.
    assert_eq!(look("::ffff:203.0.113.7".to_owned()).await, 429);
    for (host, expected) in [("1", 200), ("2", 200), ("ffff:3", 200), ("a:b:c:d", 429)] {
        let network = if host.len() > 6 { "2001:db8:1:2:" } else { "2001:db8:1:2::" };
        assert_eq!(look(format!("{network}{host}")).await, expected, "{host}");
    }
    assert_eq!(look("2001:db8:1:3::1".to_owned()).await, 200);
}

/// What an answer tells of the measure that is nearest to its end: its name, and how many are left.
fn left(reply: &Reply) -> (String, u32) {
    let (name, rest) = reply.header("ratelimit").split_once(";r=").unwrap();
    (name.trim_matches('"').to_owned(), rest.split(';').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_phone_has_one_measure_however_it_is_written_and_whoever_asks() {
    const AUTH: &str = "/api/users/auth";
    let app = TestApp::start().await.with(|layers| layers.set("limits.phone", "2,1")).await;
    let elsewhere = app.from([127, 0, 0, 4]);
    let phone = phones::unused();
    let local = &phone["+221".len()..];
    let first = app.send(&format!("{AUTH}/otp/request"), &json!({ "phone": format!("+221{local}") })).await;
    first.expect(202);
    assert_eq!(first.header("ratelimit-policy"), r#""phone";q=2;w=120"#);
    assert_eq!(left(&first), ("phone".to_owned(), 1));
    let spaced = json!({ "phone": format!("{} {}", &local[..2], &local[2..]) });
    let second = elsewhere.send(&format!("{AUTH}/forgot-password"), &spaced).await;
    second.expect(202);
    assert_eq!(left(&second), ("phone".to_owned(), 0));

    let account = json!({ "name": "Awa", "birth_date": "1999-12-31", "phone": local });
    let somebody = app.token(app.person(10).await);
    let contact =
        app.post("/api/users/profile/contact").bearer_auth(somebody).json(&json!({ "phone": local }));
    for refused in [
        app.send(&format!("{AUTH}/otp/request"), &json!({ "phone": local })).await,
        elsewhere.send(&format!("{AUTH}/register"), &account).await,
        Reply::of(contact).await,
    ] {
        refused.problem(429, "too_many_requests");
        assert_eq!(left(&refused), ("phone".to_owned(), 0));
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    // Nobody else's, and no mail address, waits for it.
    let mail = json!({ "email": format!("{}@example.sn", uuid::Uuid::new_v4().simple()) });
    let free = app.send(&format!("{AUTH}/otp/request"), &mail).await;
    free.expect(202);
    assert_eq!(left(&free).0, "sign_in");
}

#[tokio::test]
async fn a_phone_that_gives_is_counted_apart_from_one_that_signs_in() {
    let app = TestApp::start().await.with(|layers| layers.set("limits.phone", "1,1")).await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let phone = phones::unused();
    let code = app.send("/api/users/auth/otp/request", &json!({ "phone": phone })).await;
    assert_eq!((code.status, left(&code)), (StatusCode::ACCEPTED, ("phone".to_owned(), 0)));
    let gift = |phone: Option<&str>| {
        let mut gift: Value = json!({ "pot": pot, "amount": 500 });
        gift["phone"] = json!(phone);
        gift
    };
    let given = app.give(None, &key(), &gift(Some(&phone))).await;
    given.expect(201);
    assert_eq!(left(&given), ("phone".to_owned(), 0));
    let refused = app.give(None, &key(), &gift(Some(&phone))).await;
    refused.problem(429, "too_many_requests");
    let without = app.give(None, &key(), &gift(None)).await;
    without.expect(201);
    assert_eq!(left(&without).0, "money");
}
