//! The same key asks for the same thing.

use futures::future::join_all;
use serde_json::json;
use wolo_domain::pots::Visibility;

use crate::app::{TestApp, key};
use crate::health::port_of;
use crate::reply::Reply;
use crate::sabotage::Wire;

#[tokio::test]
async fn a_key_must_be_given_once_and_be_visible_ascii() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let gift = json!({ "pot": pot, "amount": 500 });
    for request in [
        app.post("/api/payments/donate").json(&gift),
        app.post("/api/pots").bearer_auth(app.token(owner)).json(&json!({ "title": "x" })),
        app.post(&format!("/api/pots/{pot}/close")).bearer_auth(app.token(owner)),
    ] {
        let reply = Reply::of(request).await;
        reply.problem(400, "idempotency_key_missing");
        insta::allow_duplicates! {
            insta::assert_snapshot!(reply.body, @r#"{"type":"/problems/idempotency_key_missing","title":"Clé manquante","status":400,"detail":"L'en-tête Idempotency-Key est obligatoire ici.","code":"idempotency_key_missing","request_id":"a-test"}"#);
        }
    }
    for bad in ["", "a b", &"x".repeat(256), "clé"] {
        app.give(None, bad, &gift).await.problem(400, "idempotency_key_invalid");
    }
    let twice =
        app.post("/api/payments/donate").header("idempotency-key", "a").header("idempotency-key", "b");
    Reply::of(twice.json(&gift)).await.problem(400, "idempotency_key_invalid");
}

#[tokio::test]
async fn the_same_key_and_request_have_the_same_answer_byte_for_byte() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    let first = app.give(None, &key, &gift).await;
    first.expect(201);
    let second = app.give(None, &key, &gift).await;
    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("idempotency-replayed"), "true");
    let other = app.give(None, &key, &json!({ "pot": pot, "amount": 501 })).await;
    other.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    let first = app.give(Some(owner), &key, &gift).await;
    first.problem(403, "own_pot");
    let second = app.give(Some(owner), &key, &gift).await;
    assert_eq!((second.status, second.body), (first.status, first.body));
}

#[tokio::test]
async fn an_answer_names_the_language_it_was_given_in() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let key = key();
    let ask = async |language: &str| {
        let request = app.post("/api/payments/donate").header("idempotency-key", &key);
        let request = request.bearer_auth(app.token(owner)).header("accept-language", language);
        Reply::of(request.json(&json!({ "pot": pot, "amount": 500 }))).await
    };
    let first = ask("en").await;
    assert_eq!(first.problem(403, "own_pot")["title"], "Your own pot");
    assert_eq!(first.header("content-language"), "en");
    // The words are repeated as they were, so their language is too.
    let again = ask("fr").await;
    assert_eq!(again.body, first.body);
    assert_eq!((again.header("idempotency-replayed"), again.header("content-language")), ("true", "en"));
}

#[tokio::test]
async fn another_callers_same_key_is_another_key() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    let (awa, moussa) = (app.person(3).await, app.person(4).await);
    let mut gifts = Vec::new();
    for user in [None, Some(awa), Some(moussa)] {
        let donation = app.give(user, &key, &gift).await.expect(201)["donation"].clone();
        assert!(!gifts.contains(&donation));
        gifts.push(donation);
    }
}

#[tokio::test]
async fn sixty_four_at_once_with_one_key_make_one_gift() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    // Whoever is told that the request is under way asks again, as a client does.
    let answered = async || loop {
        let reply = app.give(None, &key, &gift).await;
        if reply.status == 201 {
            return reply.body;
        }
        reply.problem(409, "idempotency_key_in_flight");
        assert_eq!(reply.header("retry-after"), "1");
        tokio::task::yield_now().await;
    };
    let bodies = join_all((0..64).map(|_| answered())).await;
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let made: i64 =
        app.read(&format!("select count(*) from money.donations where pot_id = '{}'", pot.uuid())).await;
    assert_eq!(made, 1);
    let donation = serde_json::from_str::<serde_json::Value>(&bodies[0]).unwrap()["donation"].clone();
    let sessions = app.wave().look(|book| book.sessions_for(donation.as_str().unwrap()).count());
    assert_eq!(sessions, 1);
}

/// As if the API had died before it could keep its answer.
async fn forget_answer(app: &TestApp, key: &str) {
    let forgotten: String = app
        .read(&format!(
            "update ops.idempotency_keys
             set status = null, content_type = null, response = null, finished_at = null, claimed_at = '2020-01-01'
             where key = '{key}' returning key"
        ))
        .await;
    assert_eq!(forgotten, key);
}

#[tokio::test]
async fn a_request_that_died_is_finished_under_its_key_as_the_same_gift() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    let first = app.give(None, &key, &gift).await;
    let donation = first.expect(201)["donation"].as_str().unwrap().to_owned();
    forget_answer(&app, &key).await;
    assert_eq!(app.give(None, &key, &gift).await.body, first.body);

    // Also when the gift is over by then: the process answers from its record.
    app.wave().pay(&app.session(&donation), None).unwrap();
    app.until_stage(&donation, "confirmed").await;
    forget_answer(&app, &key).await;
    let last = app.give(None, &key, &gift).await;
    assert_eq!(last.expect(201)["donation"], donation);
}

#[tokio::test]
async fn a_request_that_died_after_its_refusal_is_refused_again() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    app.give(Some(owner), &key, &gift).await.problem(403, "own_pot");
    forget_answer(&app, &key).await;
    app.give(Some(owner), &key, &gift).await.problem(403, "own_pot");
}

#[tokio::test]
async fn a_pot_whose_request_died_is_the_same_pot() {
    let app = TestApp::start().await;
    let owner = app.person(200).await;
    let (wanted, key) = (json!({ "title": "Fête" }), key());
    let first = app.make_pot(owner, &key, &wanted).await;
    first.expect(201);
    forget_answer(&app, &key).await;
    assert_eq!(app.make_pot(owner, &key, &wanted).await.body, first.body);
}

#[tokio::test]
async fn what_the_engine_could_not_take_becomes_one_gift_when_asked_again() {
    let app = TestApp::start().await;
    let engine = Wire::to(port_of(&app.world().temporal.address())).await;
    let cut = app
        .with(|layers| {
            layers
                .set("temporal.address", format!("http://{}", engine.address))
                .set("api.patience_seconds", "1")
        })
        .await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (gift, key) = (json!({ "pot": pot, "amount": 500 }), key());
    engine.cut();
    let failed = cut.give(None, &key, &gift).await;
    assert_eq!(failed.status, 503, "{}", failed.body);
    assert_eq!(failed.header("retry-after"), "3");
    engine.mend();
    let made = cut
        .until(async || {
            let reply = cut.give(None, &key, &gift).await;
            assert!([201, 409, 503].contains(&reply.status.as_u16()), "{}", reply.body);
            (reply.status == 201).then(|| reply.json())
        })
        .await;
    let chosen: String =
        app.read(&format!("select subject from ops.idempotency_keys where key = '{key}'")).await;
    assert_eq!(made["donation"], format!("don_{}", chosen.replace('-', "")));
}
