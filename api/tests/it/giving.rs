//! Giving, from the question to the money in the pot.

use serde_json::{Value, json};
use uuid::Uuid;
use wolo_database::pots;
use wolo_domain::ids::PotId;
use wolo_domain::pots::{HoldReason, PotSettings, Visibility};

use crate::app::{TestApp, key, settings};
use crate::reply::Reply;

#[tokio::test]
async fn a_gift_is_asked_for_paid_and_in_the_pot() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let gift =
        json!({ "pot": pot, "amount": 5000, "name": "Moussa", "phone": "77 123 45 67", "message": "Bravo" });
    let asked = app.give(None, &key(), &gift).await;
    let body = asked.expect(201);
    assert!(!asked.body.contains("Moussa") && !asked.body.contains("77123"));
    let donation = body["donation"].as_str().unwrap();
    assert_eq!(body["stage"], "requested");
    assert_eq!(body["status_url"], format!("{}/api/payments/status/{donation}", app.base));
    assert_eq!(body["process"], format!("donation/{donation}"));
    let session = app.session(donation);
    assert!(body["wave_launch_url"].as_str().unwrap().contains(&session));
    assert!(body["expires_at"].is_string());

    app.wave().pay(&session, None).unwrap();
    let paid = app.until_stage(donation, "confirmed").await;
    assert_eq!(paid["wave_launch_url"], Value::Null);
    let seen = app.look_at(&pot.to_string(), Some(owner)).await.expect(200);
    assert_eq!((&seen["collected"], &seen["gifts"]), (&5000.into(), &1.into()));
}

#[tokio::test]
async fn a_pot_is_given_to_by_its_link_and_a_private_one_by_nobody_else() {
    let app = TestApp::start().await;
    let (linked, _) = app.open_pot(Visibility::Link).await;
    let slug = app.slug(linked).await;
    let asked = app.give(None, &key(), &json!({ "pot": slug, "amount": 500 })).await.expect(201);
    assert_eq!(asked["pot"], linked.to_string());
    let (private, _) = app.open_pot(Visibility::Private).await;
    for name in [private.to_string(), app.slug(private).await, "nothing".to_owned()] {
        app.give(None, &key(), &json!({ "pot": name, "amount": 500 })).await.problem(404, "pot_unknown");
    }
}

#[tokio::test]
async fn a_pot_that_a_giver_may_not_see_is_answered_as_one_that_is_not_there() {
    let app = TestApp::start().await;
    let somebody = app.person(100).await;
    let (linked, _) = app.open_pot(Visibility::Link).await;
    let (private, _) = app.open_pot(Visibility::Private).await;
    let (held, owner) = app.open_pot(Visibility::Public).await;
    pots::hold(&app.pool, held, HoldReason::Moderation, "looked at", chrono::Utc::now()).await.unwrap();
    let (held_link, _) = app.open_pot(Visibility::Link).await;
    pots::hold(&app.pool, held_link, HoldReason::Consent, "a minor's", chrono::Utc::now()).await.unwrap();
    let hidden = [linked.to_string(), private.to_string(), held.to_string(), app.slug(held_link).await];
    let nobodys = PotId::from_uuid(Uuid::now_v7());
    for user in [None, Some(somebody)] {
        let unknown = app.give(user, &key(), &json!({ "pot": nobodys, "amount": 500 })).await;
        unknown.problem(404, "pot_unknown");
        for pot in &hidden {
            let one_key = key();
            // Not even the key remembers that it met something.
            for amount in [500, 600] {
                let answer = app.give(user, &one_key, &json!({ "pot": pot, "amount": amount })).await;
                answer.problem(404, "pot_unknown");
                assert_eq!(answer.body, unknown.body, "{pot}");
            }
        }
    }
    // Its owner sees it, and is told more.
    let refused = app.give(Some(owner), &key(), &json!({ "pot": held, "amount": 500 })).await;
    refused.problem(409, "pot_held");
    assert!(!refused.body.contains("moderation"));
}

#[tokio::test]
async fn an_attempt_that_fails_is_counted_and_is_not_an_end() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (donation, session) = app.begun(pot, 700).await;
    app.wave().fail_payment(&session, None).unwrap();
    app.until(async || (app.status(&donation).await.json()["failed_attempts"] == 1).then_some(())).await;
    assert_eq!(app.status(&donation).await.json()["stage"], "requested");
    app.wave().pay(&session, None).unwrap();
    app.until_stage(&donation, "confirmed").await;
}

#[tokio::test]
async fn a_gift_that_cannot_be_is_refused_field_by_field() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (other_pot, _) = app.open_pot(Visibility::Public).await;
    let good = json!({ "pot": pot, "amount": 500 });
    let with = |field: &str, value: Value| {
        let mut gift = good.clone();
        gift[field] = value;
        gift
    };
    for (gift, field) in [
        (with("amount", json!(-500)), "amount"),
        (with("amount", json!(0)), "amount"),
        (with("amount", json!(99)), "amount"),
        (with("amount", json!(1_000_001)), "amount"),
        (with("amount", json!(i64::MAX)), "amount"),
        (with("amount", json!(u64::MAX)), "amount"),
        (with("amount", json!(500.5)), "amount"),
        (with("amount", json!(500.0)), "amount"),
        (with("amount", json!("500")), "amount"),
        (with("amount", Value::Null), "amount"),
        (with("amount", json!([500])), "amount"),
        (json!({ "pot": pot }), "amount"),
        (json!({ "amount": 500 }), "pot"),
        (with("pot", json!(7)), "pot"),
        (with("name", json!("x".repeat(201))), "name"),
        (with("name", json!("a\nb")), "name"),
        (with("name", json!("a\u{0}")), "name"),
        (with("name", json!("\u{3164}")), "name"),
        (with("name", json!("Moussa\u{202e}")), "name"),
        (with("message", json!("\u{200b}")), "message"),
        (with("message", json!("\u{2066}Bravo")), "message"),
        (with("phone", json!("77")), "phone"),
        (with("phone", json!("+22177123456x")), "phone"),
        (with("message", json!("é".repeat(501))), "message"),
        (with("message", json!("a\u{0}")), "message"),
        (with("anonymous", json!("yes")), "anonymous"),
        (with("currency", json!("XOF")), "currency"),
        (with("stage", json!("confirmed")), "stage"),
        (with("donation", json!("don_00000000000000000000000000000001")), "donation"),
        (with("pot_id", json!(other_pot)), "pot_id"),
    ] {
        app.give(None, &key(), &gift).await.wrong_field(422, field);
    }
    let raw = |body: String| {
        let request = app.post("/api/payments/donate").header("idempotency-key", key());
        Reply::of(request.header("content-type", "application/json").body(body))
    };
    raw(format!(r#"{{"pot":"{pot}","amount":1e400}}"#)).await.problem(400, "json_malformed");
    raw(format!(r#"{{"pot":"{pot}","amount":99999999999999999999999}}"#)).await.wrong_field(422, "amount");
    raw(format!(r#"{{"pot":"{pot}","amount":500,"amount":600}}"#)).await.wrong_field(422, "amount");
    raw(format!(r#"{{"pot":"{pot}","amount":NaN}}"#)).await.problem(400, "json_malformed");
    raw(format!(r#"["{pot}",500]"#)).await.problem(422, "request_invalid");
    let books: i64 =
        app.read(&format!("select count(*) from money.donations where pot_id = '{}'", pot.uuid())).await;
    assert_eq!(books, 0);
}

#[tokio::test]
async fn too_little_and_too_much_are_said_with_their_bounds() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let little = app.give(None, &key(), &json!({ "pot": pot, "amount": 99 })).await;
    little.problem(422, "amount_too_small");
    insta::assert_snapshot!(little.body, @r#"{"type":"/problems/amount_too_small","title":"Montant trop petit","status":422,"detail":"Un cadeau est d'au moins 100 XOF.","code":"amount_too_small","errors":[{"field":"amount","message":"Un cadeau est d'au moins 100 XOF."}],"request_id":"a-test"}"#);
    let much = app.give(None, &key(), &json!({ "pot": pot, "amount": 1_000_001 })).await;
    much.problem(422, "amount_too_large");
}

#[tokio::test]
async fn nobody_gives_to_their_own_pot() {
    let app = TestApp::start().await;
    for visibility in [Visibility::Public, Visibility::Private] {
        let (pot, owner) = app.open_pot(visibility).await;
        app.give(Some(owner), &key(), &json!({ "pot": pot, "amount": 500 })).await.problem(403, "own_pot");
    }
}

#[tokio::test]
async fn a_pot_that_is_not_open_takes_nothing() {
    let app = TestApp::start().await;
    let (early, _) = app.pot(PotSettings { visibility: Visibility::Public, ..settings() }).await;
    let refused = app.give(None, &key(), &json!({ "pot": early, "amount": 500 })).await;
    let problem = refused.problem(409, "pot_not_open");
    assert_eq!(problem["title"], "Cagnotte non ouverte", "it may not have been open yet");
    insta::assert_snapshot!(problem["detail"].as_str().unwrap(), @"Cette cagnotte ne reçoit pas de cadeaux : elle n'est pas encore ouverte.");
}

#[tokio::test]
async fn what_an_owner_does_not_want_is_refused() {
    let app = TestApp::start().await;
    let strict = PotSettings {
        visibility: Visibility::Public,
        allow_anonymous: false,
        allow_messages: false,
        ..settings()
    };
    let (pot, _) = app.pot(strict).await;
    pots::open(&app.pool, pot, chrono::Utc::now()).await.unwrap();
    let hidden = json!({ "pot": pot, "amount": 500, "anonymous": true });
    app.give(None, &key(), &hidden).await.problem(422, "anonymous_not_allowed");
    let spoken = json!({ "pot": pot, "amount": 500, "message": "Bravo" });
    app.give(None, &key(), &spoken).await.problem(422, "messages_not_allowed");
}
