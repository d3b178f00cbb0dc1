//! Making a pot and closing it: what the process is asked for, and what comes of it.

use chrono::{Days, Utc};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use wolo_domain::dakar;
use wolo_domain::people::BirthDate;
use wolo_domain::pots::Visibility;

use crate::app::{TestApp, born, key};
use crate::reply::Reply;

fn party() -> Value {
    json!({ "title": "Les 30 ans d'Awa", "description": "Avec toute la famille", "visibility": "public" })
}

#[tokio::test]
async fn an_owner_makes_the_pot_of_the_next_birthday() {
    let app = TestApp::start().await;
    let owner = app.person(200).await;
    let made = app.make_pot(owner, &key(), &party()).await.expect(201);
    assert_eq!(made["stage"], "scheduled");
    assert_eq!(made["target"], 25_000);
    assert_eq!(made["held"], false);
    let pot = made["id"].as_str().unwrap();
    assert_eq!(made["process"], format!("pot/{pot}"));
    let slug = made["slug"].as_str().unwrap();
    assert_eq!(made["links"]["self"], format!("{}/api/pots/{slug}", app.base));
    app.look_at(slug, None).await.expect(200);
    let mine = Reply::of(app.get("/api/pots?mine=true").bearer_auth(app.token(owner))).await.expect(200);
    assert_eq!(mine["pots"][0]["id"], pot);
}

#[tokio::test]
async fn one_person_has_one_pot_a_year() {
    let app = TestApp::start().await;
    let owner = app.person(200).await;
    let first = app.make_pot(owner, &key(), &party()).await.expect(201);
    let second = app.make_pot(owner, &key(), &party()).await;
    let problem = second.problem(409, "pot_exists");
    assert_eq!(problem["pot"], first["id"]);
}

#[tokio::test]
async fn making_a_minors_pot_does_not_open_it_to_the_public() {
    let app = TestApp::start().await;
    let minor = app.person_born(born(15, 5)).await;
    let made = app.make_pot(minor, &key(), &party()).await.expect(201);
    assert_eq!(made["holds"][0]["reason"], "consent");
    let pot = made["id"].as_str().unwrap();
    app.look_at(pot, None).await.problem(404, "pot_unknown");
    let listed = Reply::of(app.get("/api/pots?limit=100")).await;
    assert!(!listed.body.contains(pot));
    let refused = app.give(None, &key(), &json!({ "pot": pot, "amount": 500 })).await;
    refused.problem(404, "pot_unknown");
    assert!(!refused.body.contains("consent") && !refused.body.contains("tuteur"));
}

#[tokio::test]
async fn a_pot_that_cannot_be_is_refused_field_by_field() {
    let app = TestApp::start().await;
    let owner = app.person(200).await;
    for (body, field) in [
        (json!({}), "title"),
        (json!({ "title": "" }), "title"),
        (json!({ "title": " \t " }), "title"),
        (json!({ "title": "a\nb" }), "title"),
        (json!({ "title": "a\u{0}b" }), "title"),
        (json!({ "title": "\u{200b}\u{feff}" }), "title"),
        (json!({ "title": "Pour \u{202e}awA" }), "title"),
        (json!({ "title": "x", "description": "\u{301}" }), "description"),
        (json!({ "title": "x", "description": "a\u{2067}b" }), "description"),
        (json!({ "title": "x".repeat(201) }), "title"),
        (json!({ "title": 5 }), "title"),
        (json!({ "title": "x", "description": "y".repeat(5001) }), "description"),
        (json!({ "title": "x", "target": 0 }), "target"),
        (json!({ "title": "x", "target": -5 }), "target"),
        (json!({ "title": "x", "target": 1.5 }), "target"),
        (json!({ "title": "x", "target": "25000" }), "target"),
        (json!({ "title": "x", "visibility": "everybody" }), "visibility"),
        (json!({ "title": "x", "visibility": null }), "visibility"),
        (json!({ "title": "x", "visibility": 5 }), "visibility"),
        (json!({ "title": "x", "visibility": ["link"] }), "visibility"),
        (json!({ "title": "x", "visibility": {} }), "visibility"),
        (json!({ "title": null }), "title"),
        (json!({ "title": "x", "show_amounts": null }), "show_amounts"),
        (json!({ "title": "x", "surprise": "yes" }), "surprise"),
        // What belongs to the server cannot be given to it.
        (json!({ "title": "x", "owner": "usr_00000000000000000000000000000001" }), "owner"),
        (json!({ "title": "x", "stage": "open" }), "stage"),
        (json!({ "title": "x", "slug": "mine" }), "slug"),
    ] {
        app.make_pot(owner, &key(), &body).await.wrong_field(422, field);
    }
}

#[tokio::test]
async fn an_owner_closes_an_open_pot_once() {
    let app = TestApp::start().await;
    let owner = app.person(10).await;
    let made = app.make_pot(owner, &key(), &party()).await.expect(201);
    let pot = made["id"].as_str().unwrap();
    app.until(async || (app.look_at(pot, Some(owner)).await.json()["stage"] == "open").then_some(())).await;

    let stranger = app.person(3).await;
    app.close_pot(stranger, pot, &key()).await.problem(404, "pot_unknown");
    let (closing, other) = (key(), key());
    let closed = app.close_pot(owner, pot, &closing).await;
    assert_eq!(closed.expect(200)["stage"], "closed");
    let again = app.close_pot(owner, pot, &closing).await;
    assert_eq!(again.body, closed.body);
    let problem = app.close_pot(owner, pot, &other).await.problem(409, "pot_not_open");
    insta::assert_snapshot!(problem["detail"].as_str().unwrap(), @"Seule une cagnotte ouverte peut être fermée ; celle-ci est fermée.");
    app.give(None, &key(), &json!({ "pot": pot, "amount": 500 })).await.problem(409, "pot_not_open");
}

#[tokio::test]
async fn a_pot_that_has_not_opened_cannot_be_closed() {
    let app = TestApp::start().await;
    let owner = app.person(200).await;
    let made = app.make_pot(owner, &key(), &party()).await.expect(201);
    let problem =
        app.close_pot(owner, made["id"].as_str().unwrap(), &key()).await.problem(409, "pot_not_open");
    insta::assert_snapshot!(problem["detail"].as_str().unwrap(), @"Seule une cagnotte ouverte peut être fermée ; celle-ci n'est pas encore ouverte.");
}

#[tokio::test]
async fn closing_takes_a_reason_and_nothing_else() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let close = |body: Value| {
        let request = app.post(&format!("/api/pots/{pot}/close")).bearer_auth(app.token(owner));
        Reply::of(request.header("idempotency-key", key()).json(&body))
    };
    close(json!({ "stage": "open" })).await.wrong_field(422, "stage");
    close(json!({ "reason": "x".repeat(501) })).await.wrong_field(422, "reason");
    close(json!({ "reason": 1 })).await.wrong_field(422, "reason");
}

#[tokio::test]
async fn a_pot_whose_process_somebody_ended_says_that_it_cannot_be_closed_now() {
    let app = TestApp::start().await;
    // Its row is there, and no process.
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let reply = app.close_pot(owner, &pot.to_string(), &key()).await;
    reply.problem(503, "engine_unavailable");
    assert_eq!(reply.header("retry-after"), "3");
}

#[tokio::test]
async fn an_owner_gives_a_pot_up_once_and_what_was_given_goes_back() {
    let app = TestApp::start().await;
    let owner = app.person(10).await;
    let made = app.make_pot(owner, &key(), &party()).await.expect(201);
    let pot = made["id"].as_str().unwrap();
    app.until(async || (app.look_at(pot, Some(owner)).await.json()["stage"] == "open").then_some(())).await;
    let gift = app.give(None, &key(), &json!({ "pot": pot, "amount": 500 })).await.expect(201);
    let page = gift["wave_launch_url"].as_str().unwrap();
    app.world().wave.pay(page.rsplit('/').next().unwrap(), None).expect("Wave takes it");

    app.cancel_pot(app.person(3).await, pot, &key()).await.problem(404, "pot_unknown");
    let cancelling = key();
    let cancelled = app.cancel_pot(owner, pot, &cancelling).await;
    assert_eq!(cancelled.expect(200)["stage"], "cancelling");
    assert_eq!(app.cancel_pot(owner, pot, &cancelling).await.body, cancelled.body);
    app.give(None, &key(), &json!({ "pot": pot, "amount": 500 })).await.problem(409, "pot_not_open");
    app.close_pot(owner, pot, &key()).await.problem(409, "pot_not_open");
    let status = gift["status_url"].as_str().unwrap();
    let path = &status[status.find("/api/").unwrap()..];
    app.until(async || (Reply::of(app.get(path)).await.json()["stage"] == "refunded").then_some(())).await;
}

#[tokio::test]
async fn an_empty_pot_is_cancelled_at_once_and_nobody_cancels_it_again() {
    let app = TestApp::start().await;
    let owner = app.person(200).await;
    let made = app.make_pot(owner, &key(), &party()).await.expect(201);
    let pot = made["id"].as_str().unwrap();
    assert_eq!(app.cancel_pot(owner, pot, &key()).await.expect(200)["stage"], "cancelled");
    app.until(async || (app.cancel_pot(owner, pot, &key()).await.status == 409).then_some(())).await;
    let problem = app.cancel_pot(owner, pot, &key()).await.problem(409, "pot_not_cancellable");
    insta::assert_snapshot!(problem["detail"].as_str().unwrap(), @"Cette cagnotte a été annulée ; elle ne peut plus être annulée.");
}

/// The date is corrected between the moment at which the API reads it and the one at which the pot is written.
#[tokio::test]
async fn a_pot_that_is_made_while_its_owners_birth_date_is_corrected_is_for_the_right_birthday() {
    let app = TestApp::start().await;
    let owner = app.person(10).await;
    // Over this year, mostly: then it is another year's pot.
    let right = born(30, 0).day() - Days::new(1);
    let operator = app.owner_pool();
    let mut correction = operator.begin().await.unwrap();
    let correct =
        format!("update people.users set birth_date = '{right}' where user_id = '{}'", owner.uuid());
    sqlx::raw_sql(AssertSqlSafe(correct)).execute(&mut *correction).await.unwrap();
    let correct = async {
        app.until(async || {
            let waiting = "select count(*) from pg_stat_activity
                           where wait_event_type = 'Lock' and query like '%birth_date from people.users%for share%'";
            (app.read::<i64>(waiting).await > 0).then_some(())
        })
        .await;
        correction.commit().await.unwrap();
    };
    let (request, body) = (key(), party());
    let (made, ()) = tokio::join!(app.make_pot(owner, &request, &body), correct);
    let made = made.expect(201);
    let birthday = BirthDate::new(right).next_on_or_after(dakar::day_of(Utc::now()));
    assert_eq!(made["birthday"], birthday.to_string(), "{made}");
    let again = app.make_pot(owner, &request, &body).await.expect(201);
    assert_eq!(again["id"], made["id"]);
}
