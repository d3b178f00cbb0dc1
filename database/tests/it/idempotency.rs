use std::time::Duration;

use futures::future::join_all;
use wolo_database::Error;
use wolo_database::idempotency::{self, Answer, Claim, Claimed};

use crate::scene::Scene;

fn claim(subject: &str) -> Claim<'_> {
    Claim {
        scope: "donate/pot_1",
        key: "7c7f",
        fingerprint: b"hash",
        subject,
        abandoned_after: Duration::from_mins(1),
    }
}

fn answer(status: u16) -> Answer {
    Answer {
        status,
        content_type: "application/json".to_owned(),
        language: Some("fr".to_owned()),
        body: b"{}".to_vec(),
    }
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let ask = async |asked| idempotency::claim(&api, asked).await.expect("a claim");
    assert_eq!(ask(claim("don_1")).await, Claimed::Fresh { subject: "don_1".to_owned() });
    assert_eq!(ask(claim("don_2")).await, Claimed::InFlight);
    assert_eq!(ask(Claim { fingerprint: b"other", ..claim("don_2") }).await, Claimed::Mismatch);
    for status in [202, 500] {
        idempotency::finish(&api, "donate/pot_1", "7c7f", &answer(status)).await.expect("an answer");
    }
    assert_eq!(ask(claim("don_2")).await, Claimed::Replay(answer(202)), "the first answer stays");
    assert_eq!(ask(Claim { fingerprint: b"other", ..claim("don_2") }).await, Claimed::Mismatch);
    let elsewhere = Claim { scope: "donate/pot_2", ..claim("don_3") };
    assert_eq!(ask(elsewhere).await, Claimed::Fresh { subject: "don_3".to_owned() });
}

#[tokio::test]
async fn who_takes_over_from_the_dead_makes_the_same_thing() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    idempotency::claim(&api, claim("don_1")).await.expect("a claim");
    scene.force("update ops.idempotency_keys set claimed_at = claimed_at - interval '2 minutes'").await;
    let asked: Vec<_> = (0..16).map(|n| format!("don_other_{n}")).collect();
    let claims = join_all(asked.iter().map(|subject| idempotency::claim(&api, claim(subject)))).await;
    let claims: Vec<_> = claims.into_iter().map(|claimed| claimed.expect("a claim")).collect();
    let taken = Claimed::TakenOver { subject: "don_1".to_owned() };
    assert_eq!(claims.iter().filter(|claimed| **claimed == taken).count(), 1, "one of them");
    assert_eq!(claims.iter().filter(|claimed| **claimed == Claimed::InFlight).count(), 15);
}

#[tokio::test]
async fn a_key_that_nobody_claimed_has_no_answer_and_an_endless_one_is_none() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let missing = idempotency::finish(&api, "donate/pot_1", "none", &answer(200)).await;
    assert!(matches!(missing, Err(Error::Missing { .. })));
    let endless = "k".repeat(256);
    let error = idempotency::claim(&api, Claim { key: &endless, ..claim("don_3") }).await;
    assert!(matches!(&error, Err(Error::Conflict { rule }) if rule == "idempotency_keys_are_bounded"));
}

#[tokio::test]
async fn of_many_with_one_key_one_goes_on() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let asked: Vec<_> = (0..64).map(|n| format!("don_{n}")).collect();
    let claims = join_all(asked.iter().map(|subject| idempotency::claim(&api, claim(subject)))).await;
    let fresh = claims.iter().filter(|claimed| matches!(claimed, Ok(Claimed::Fresh { .. }))).count();
    let waiting = claims.iter().filter(|claimed| matches!(claimed, Ok(Claimed::InFlight))).count();
    assert_eq!((fresh, waiting), (1, 63));
}

#[tokio::test]
async fn a_key_that_was_let_go_of_is_taken_over_at_once_with_the_id_that_it_had() {
    let scene = Scene::new().await;
    let api = scene.pool_as("wolo_api").await;
    let ask = async |subject| idempotency::claim(&api, claim(subject)).await.expect("a claim");
    let let_go = async || {
        let claim = claim("");
        let done = idempotency::let_go(&api, claim.scope, claim.key, claim.abandoned_after).await;
        done.expect("let go");
    };
    assert_eq!(ask("don_1").await, Claimed::Fresh { subject: "don_1".to_owned() });
    let_go().await;
    assert_eq!(ask("don_2").await, Claimed::TakenOver { subject: "don_1".to_owned() });
    assert_eq!(ask("don_2").await, Claimed::InFlight, "it is theirs now");
    idempotency::finish(&api, "donate/pot_1", "7c7f", &answer(201)).await.expect("an answer");
    let_go().await;
    assert_eq!(ask("don_2").await, Claimed::Replay(answer(201)), "what was answered is answered");
}
