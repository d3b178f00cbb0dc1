//! Looking at pots: who sees which, and what of it.

use chrono::Utc;
use serde_json::Value;
use wolo_database::pots;
use wolo_domain::pots::{HoldReason, PotSettings, Visibility};

use crate::app::{TestApp, settings};
use crate::reply::Reply;

#[tokio::test]
async fn a_private_pot_exists_for_its_owner_alone() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Private).await;
    let stranger = app.person(3).await;
    let slug = app.slug(pot).await;
    for name in [pot.to_string(), slug] {
        app.look_at(&name, None).await.problem(404, "pot_unknown");
        app.look_at(&name, Some(stranger)).await.problem(404, "pot_unknown");
        app.look_at(&name, Some(owner)).await.expect(200);
    }
}

#[tokio::test]
async fn a_pot_with_a_link_is_found_by_its_link_alone() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Link).await;
    let slug = app.slug(pot).await;
    app.look_at(&pot.to_string(), None).await.problem(404, "pot_unknown");
    let seen = app.look_at(&slug, None).await.expect(200);
    assert_eq!(seen["slug"], Value::Null);
    assert_eq!(seen["holds"], Value::Null);
    assert_eq!(seen["links"]["self"], format!("{}/api/pots/{slug}", app.base));
    assert!(seen.get("share_url").is_none(), "there is no page to share yet");
    let own = app.look_at(&pot.to_string(), Some(owner)).await.expect(200);
    assert_eq!(own["slug"], slug);
    assert_eq!(own["process"], format!("pot/{pot}"));
}

#[tokio::test]
async fn a_public_pot_is_seen_by_everybody_without_its_secret_link() {
    let app = TestApp::start().await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let seen = app.look_at(&pot.to_string(), None).await;
    assert!(!seen.body.contains(&app.slug(pot).await));
    let seen = seen.expect(200);
    assert_eq!(seen["stage"], "open");
    assert_eq!((&seen["collected"], &seen["gifts"]), (&0.into(), &0.into()));
}

#[tokio::test]
async fn amounts_are_shown_to_others_only_where_the_owner_wants_it_and_totals_always_to_the_owner() {
    let app = TestApp::start().await;
    let hidden =
        PotSettings { show_amounts: false, surprise: true, visibility: Visibility::Public, ..settings() };
    let (pot, owner) = app.pot(hidden).await;
    assert_eq!(app.look_at(&pot.to_string(), None).await.expect(200)["collected"], Value::Null);
    assert_eq!(app.look_at(&pot.to_string(), Some(owner)).await.expect(200)["collected"], 0);
}

#[tokio::test]
async fn why_a_pot_is_held_is_told_to_its_owner_alone() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    pots::hold(&app.pool, pot, HoldReason::Float, "for the operator", Utc::now()).await.unwrap();
    let seen = app.look_at(&pot.to_string(), None).await;
    assert_eq!(seen.expect(200)["held"], true);
    assert!(!seen.body.contains("float") && !seen.body.contains("operator"));
    let own = app.look_at(&pot.to_string(), Some(owner)).await;
    assert!(!own.body.contains("operator"));
    insta::assert_snapshot!(own.json()["holds"][0]["words"].as_str().unwrap(), @"le versement attend que notre compte Wave soit approvisionné");

    pots::hold(&app.pool, pot, HoldReason::Consent, "withdrawn", Utc::now()).await.unwrap();
    app.look_at(&pot.to_string(), None).await.problem(404, "pot_unknown");
    app.look_at(&pot.to_string(), Some(owner)).await.expect(200);
}

#[tokio::test]
async fn what_is_no_pot_is_not_found() {
    let app = TestApp::start().await;
    for name in [
        "x",
        "pot_00000000000000000000000000000000",
        "don_00000000000000000000000000000000",
        "%00",
        "%ff",
        "a%2Fb",
        "AAAAAAAAAAAAAAAAAAAAAA",
    ] {
        app.look_at(name, None).await.problem(404, "pot_unknown");
    }
}

#[tokio::test]
async fn the_public_list_goes_on_where_it_stopped_and_ends() {
    let app = TestApp::start().await;
    let mut made = Vec::new();
    for visibility in
        [Visibility::Public, Visibility::Link, Visibility::Public, Visibility::Private, Visibility::Public]
    {
        made.push((app.open_pot(visibility).await.0.to_string(), visibility));
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = Reply::of(app.get(&format!("/api/pots?limit=2{after}"))).await.expect(200);
        let pots = page["pots"].as_array().unwrap();
        assert!(pots.len() <= 2);
        seen.extend(pots.iter().map(|pot| pot["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    for (pot, visibility) in made {
        let times = seen.iter().filter(|id| **id == pot).count();
        assert_eq!(times, usize::from(visibility == Visibility::Public));
    }
}

#[tokio::test]
async fn own_pots_are_listed_whatever_their_visibility() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Private).await;
    let list = Reply::of(app.get("/api/pots?mine=true").bearer_auth(app.token(owner))).await.expect(200);
    assert_eq!(list["pots"][0]["id"], pot.to_string());
    assert_eq!(list["pots"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_is_asked_for_in_known_words() {
    let app = TestApp::start().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=usr_1", "after"),
        ("mine=1", "mine"),
        ("page=2", "page"),
    ] {
        let reply = Reply::of(app.get(&format!("/api/pots?{query}"))).await;
        reply.problem(422, "request_invalid");
        reply.wrong_field(422, field);
    }
}
