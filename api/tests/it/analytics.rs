//! What pages tell of visitors, and the figures that those see and take away who may.

use chrono::{Days, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_domain::accounts::Role;
use wolo_domain::dakar;
use wolo_domain::figures::Figure;
use wolo_domain::pots::Visibility;

use crate::app::TestApp;
use crate::reply::Reply;

const EVENTS: &str = "/api/analytics/events";

/// Whether there are many invitations of 2019 already. Whoever looks for the export that the database is busy with holds this, and
/// finds their own.
static MANY_ARE_THERE: tokio::sync::Mutex<bool> = tokio::sync::Mutex::const_new(false);
/// So many that no buffer between the database and a reader has room for them.
const MANY: u32 = 100_000;
const OF_MANY: &str = "/api/analytics/exports/invitations.csv?from=2019-01-01&to=2019-12-31";

async fn finance(app: &TestApp) -> String {
    app.staff_token(app.person(100).await, Role::Finance)
}

async fn figure(app: &TestApp, path: &str) -> Value {
    let token = finance(app).await;
    Reply::of(app.get(&format!("/api/analytics/figures{path}")).bearer_auth(token)).await.expect(200)
}

fn event(kind: &str) -> Value {
    json!({ "id": Uuid::new_v4(), "kind": kind })
}

#[tokio::test]
async fn all_figures_are_told_with_what_they_mean_and_a_row_for_each_part() {
    let app = TestApp::start().await;
    app.open_pot(Visibility::Public).await;
    let told = figure(&app, "").await;
    let today = dakar::day_of(Utc::now());
    let first = (today - Days::new(29)).to_string();
    assert_eq!((&told["from"], &told["to"], &told["by"]), (&json!(first), &json!(today), &json!("day")));
    let figures = told["figures"].as_array().unwrap();
    assert_eq!(figures.len(), Figure::ALL.len());
    for (one, figure) in figures.iter().zip(Figure::ALL) {
        assert_eq!(one["name"], figure.as_str());
        assert!(one["meaning"].as_str().unwrap().contains("Source: "), "{one}");
        let rows = one["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 30 * figure.ways().len().max(1), "{figure}");
        for measure in figure.measures() {
            let sum: i64 = rows.iter().map(|row| row["values"][measure.name].as_i64().unwrap()).sum();
            assert_eq!(one["total"]["values"][measure.name], sum, "{figure} {}", measure.name);
        }
    }
    let pots = &figures.iter().find(|one| one["name"] == "pots_by_state").unwrap()["total"]["values"];
    assert!(pots["open"].as_i64().unwrap() >= 1, "{pots}");
}

#[tokio::test]
async fn a_period_is_asked_for_by_days_weeks_or_months() {
    let app = TestApp::start().await;
    let told = figure(&app, "/gifts?from=2026-01-31&to=2026-03-01&by=month").await;
    let parts: Vec<_> =
        told["figures"][0]["rows"].as_array().unwrap().iter().map(|row| &row["part"]).collect();
    assert_eq!(parts, ["2026-01-01", "2026-02-01", "2026-03-01"]);
    assert_eq!(told["figures"][0]["total"]["ratios"], json!({ "average": null }), "of no gift there is none");
    let token = finance(&app).await;
    let ask = async |path: &str| {
        Reply::of(app.get(&format!("/api/analytics/figures{path}")).bearer_auth(&token)).await
    };
    for (query, field) in [
        ("?from=yesterday", "from"),
        ("?from=2026-02-02&to=2026-02-01", "to"),
        ("?by=hour", "by"),
        ("?from=2020-01-01&to=2026-01-01", "by"),
        ("?until=2026-01-01", "until"),
    ] {
        ask(query).await.wrong_field(422, field);
        ask(&format!("/gifts{query}")).await.wrong_field(422, field);
    }
    ask("/gift").await.problem(404, "figure_unknown");
    ask("/figures").await.problem(404, "figure_unknown");
}

#[tokio::test]
async fn what_pages_tell_is_kept_once_and_says_nothing_of_who_tells() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Link).await;
    let slug = app.slug(pot).await;
    let told = json!({ "events": [
        event("page_viewed"),
        { "id": Uuid::new_v4(), "kind": "shared", "way": "whatsapp", "page": "pot", "pot": slug },
        { "id": Uuid::new_v4(), "kind": "give_pressed", "at": Utc::now() - TimeDelta::days(2), "pot": slug },
    ]});
    assert_eq!(app.send(EVENTS, &told).await.expect(202), json!({ "new": 3 }));
    assert_eq!(app.send(EVENTS, &told).await.expect(202), json!({ "new": 0 }));
    let of_pot = format!("select count(*) from analytics.events where pot_id = '{}'", pot.uuid());
    assert_eq!(app.read::<i64>(&of_pot).await, 2);
    let id = told["events"][1]["id"].as_str().unwrap();
    let kept: String =
        app.read(&format!("select events::text from analytics.events where event_id = '{id}'")).await;
    assert!(kept.contains(",shared,") && !kept.contains("127.0.0.1") && !kept.contains(&slug), "{kept}");
}

#[tokio::test]
async fn what_pages_tell_wrongly_is_refused_with_what_would_be_right() {
    let app = TestApp::start().await;
    let with = |more: Value| {
        let mut one = event("page_viewed");
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "events": [event("shared"), one] })
    };
    let (private, owner) = app.open_pot(Visibility::Private).await;
    for (body, field) in [
        (json!({ "events": [] }), "events"),
        (json!({ "events": vec![event("shared"); 11] }), "events"),
        (with(json!({ "kind": "clicked" })), "events[1].kind"),
        (with(json!({ "page": "/secret" })), "events[1].page"),
        (with(json!({ "name": "Awa" })), "events[1].name"),
        (with(json!({ "id": "1" })), "events[1].id"),
        (with(json!({ "at": Utc::now() - TimeDelta::days(8) })), "events[1].at"),
        (with(json!({ "at": Utc::now() + TimeDelta::hours(1) })), "events[1].at"),
        (with(json!({ "pot": "pot_00000000000000000000000000000001" })), "events[1].pot"),
        (with(json!({ "pot": private })), "events[1].pot"),
        (with(json!({ "pot": "?" })), "events[1].pot"),
    ] {
        app.send(EVENTS, &body).await.wrong_field(422, field);
    }
    let unknown = app.send(EVENTS, &with(json!({ "kind": "clicked" }))).await.json();
    let words = unknown["errors"][0]["message"].as_str().unwrap();
    assert!(
        words.contains("page_viewed, share_opened, shared, link_copied, qr_shown, give_pressed"),
        "{words}"
    );
    let mut many = Vec::new();
    for _ in 0..6 {
        let (pot, _) = app.open_pot(Visibility::Public).await;
        many.push(json!({ "id": Uuid::new_v4(), "kind": "page_viewed", "pot": pot }));
    }
    app.send(EVENTS, &json!({ "events": many })).await.wrong_field(422, "events");
    // Its owner sees it.
    let theirs = app.post(EVENTS).bearer_auth(app.token(owner)).json(&with(json!({ "pot": private })));
    Reply::of(theirs).await.expect(202);
    let none = many.iter().map(|event| format!("'{}'", event["id"].as_str().unwrap())).collect::<Vec<_>>();
    let kept = format!("select count(*) from analytics.events where event_id in ({})", none.join(","));
    assert_eq!(app.read::<i64>(&kept).await, 0, "of what is refused nothing is kept");
}

#[tokio::test]
async fn how_things_stand_is_told_in_a_form_that_is_easily_drawn() {
    let app = TestApp::start().await;
    app.open_pot(Visibility::Public).await;
    let token = app.staff_token(app.person(100).await, Role::Support);
    let live = Reply::of(app.get("/api/analytics/live").bearer_auth(token)).await.expect(200);
    assert_eq!(live["gifts_per_minute"].as_array().unwrap().len(), 60);
    assert!(live["pots"]["open"].as_i64().unwrap() >= 1, "{live}");
    for number in ["gifts", "gifts_francs", "payouts_francs", "refunds_francs", "fees_francs"] {
        assert!(live["today"][number].is_i64(), "{live}");
    }
    assert!(live["messages_waiting"].is_i64(), "{live}");
}

/// Invitations of a long ago that no other test looks at.
async fn many_invitations(app: &TestApp, year: i32, count: u32) {
    let sponsor = app.person(100).await.uuid();
    let written = format!(
        "with written as (
             insert into sponsorship.invitations (
                 invitation_id, sponsor_id, sponsor_name, email, relationship, token_hash, notice_id, created_at, expires_at, ended_as,
                 ended_at
             )
             select gen_random_uuid(), '{sponsor}', 'Awa', n || '@example.sn', 'friend',
                    sha256(('{sponsor}' || n)::bytea), gen_random_uuid(), '{year}-03-04', '{year}-03-11', 'lapsed', '{year}-03-11'
             from generate_series(1, {count}) n
             returning 1
         )
         select count(*) from written"
    );
    assert_eq!(app.read::<i64>(&written).await, i64::from(count));
}

async fn many_of_2019(app: &TestApp) -> tokio::sync::MutexGuard<'static, bool> {
    let mut there = MANY_ARE_THERE.lock().await;
    if !std::mem::replace(&mut *there, true) {
        many_invitations(app, 2019, MANY).await;
    }
    there
}

async fn noted(app: &TestApp, by: &str) -> i64 {
    app.read(&format!(
        "select count(*) from ops.outbox
         where topic = 'audit' and payload ->> 'by' = '{by}' and payload #>> '{{happening,action}}' = 'figures_exported'"
    ))
    .await
}

#[tokio::test]
async fn an_export_is_read_as_fast_as_it_is_taken_and_noted_before_it_goes() {
    let app = TestApp::start().await.with(|layers| layers).await;
    let _alone = many_of_2019(&app).await;
    let user = app.person(100).await;
    let token = app.staff_token(user, Role::Finance);
    let mut response = app.get(OF_MANY).bearer_auth(&token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let named = "attachment; filename=\"wolo-invitations-2019-01-01-2019-12-31.csv\"";
    assert_eq!(response.headers()["content-disposition"], named);
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"written_at,invitation,sponsor,message,"), "{first:?}");
    assert_eq!(noted(&app, &user.to_string()).await, 1);
    // Nobody takes any more, so the database stands in the middle of the lines: neither the API nor anybody else has them.
    let waits = "select count(*) from pg_stat_activity
                 where state = 'active' and wait_event = 'ClientWrite' and query like '%sponsorship.invitations%'";
    app.until(async || (app.read::<i64>(waits).await > 0).then_some(())).await;
    let mut file = first.to_vec();
    while let Some(piece) = response.chunk().await.unwrap() {
        file.extend_from_slice(&piece);
    }
    let lines = String::from_utf8(file).unwrap().lines().count();
    assert_eq!(lines, MANY as usize + 1);
}

#[tokio::test]
async fn an_export_whose_database_goes_away_does_not_look_like_a_whole_one() {
    let app = TestApp::start().await.with(|layers| layers).await;
    let _alone = many_of_2019(&app).await;
    let mut response = app.get(OF_MANY).bearer_auth(finance(&app).await).send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    let end = "select count(*) from pg_stat_activity, pg_terminate_backend(pid)
               where state = 'active' and wait_event = 'ClientWrite' and query like '%sponsorship.invitations%'";
    app.until(async || (app.read::<i64>(end).await > 0).then_some(())).await;
    let broken = loop {
        match response.chunk().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    assert!(broken.is_err(), "half a file looks like a whole one");
}

#[tokio::test]
async fn lines_are_taken_as_objects_too_and_what_does_not_exist_is_not_noted() {
    let app = TestApp::start().await.with(|layers| layers).await;
    many_invitations(&app, 2018, 3).await;
    let user = app.person(100).await;
    let token = app.staff_token(user, Role::Superadmin);
    let take = async |path: &str| {
        Reply::of(app.get(&format!("/api/analytics/exports/{path}")).bearer_auth(&token)).await
    };
    let answer = take("invitations.ndjson?from=2018-03-04&to=2018-03-04").await;
    answer.is(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["ended_as"] == "lapsed" && line["invitee"].is_null()), "{lines:?}");
    assert!(!answer.body.contains('@') && !answer.body.contains("Awa"), "{}", answer.body);
    assert_eq!(noted(&app, &user.to_string()).await, 1);
    for unknown in ["invitations", "invitations.xlsx", "users.csv", "gifts.csv.csv"] {
        take(unknown).await.problem(404, "figure_unknown");
    }
    take("gifts.csv?from=2018-03-05&to=2018-03-04").await.wrong_field(422, "to");
    let support = app.staff_token(user, Role::Support);
    let refused = app.get("/api/analytics/exports/gifts.csv").bearer_auth(support);
    Reply::of(refused).await.problem(403, "not_allowed");
    assert_eq!(noted(&app, &user.to_string()).await, 1);
}

#[tokio::test]
async fn so_many_exports_are_read_at_once_and_one_that_nobody_takes_any_more_makes_room() {
    let app = TestApp::start().await.with(|layers| layers).await;
    let _alone = many_of_2019(&app).await;
    let token = finance(&app).await;
    let take = async || app.get(OF_MANY).bearer_auth(&token).send().await.unwrap();
    let (one, other) = (take().await, take().await);
    assert_eq!((one.status().as_u16(), other.status().as_u16()), (200, 200));
    let third = take().await;
    assert_eq!(third.status(), 503);
    assert!(third.text().await.unwrap().contains("overloaded"));
    drop(one);
    let room = async || (take().await.status() == 200).then_some(());
    app.until(room).await;
}

#[tokio::test]
async fn what_pages_tell_is_counted_by_itself_and_keeps_nobody_from_doing_something() {
    let app = TestApp::start().await.with(|layers| layers.set("limits.visit", "1,1")).await;
    let told = json!({ "events": [event("page_viewed")] });
    app.send(EVENTS, &told).await.expect(202);
    app.send(EVENTS, &told).await.problem(429, "too_many_requests");
    app.send("/api/sponsorship/decline", &json!({})).await.is(422);
}
