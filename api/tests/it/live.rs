//! What changes in a pot, seen by those who watch it.

use std::time::{Duration, Instant};

use chrono::Utc;
use futures::future::join_all;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use wolo_database::pots;
use wolo_domain::pots::{HoldReason, PotSettings, Visibility};

use crate::app::{SOON, TestApp, settings};
use crate::reply::Reply;

/// Somebody who watches.
struct Watching {
    answer: Response,
    read: String,
}

impl Watching {
    async fn on(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert!(!answer.headers().contains_key("content-encoding"));
        Self { answer, read: String::new() }
    }

    /// The next event; nothing when there are no more.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let told = data.map(|data| serde_json::from_str(data).unwrap());
                self.read = rest.to_owned();
                if told.is_some() {
                    return told;
                }
                continue;
            }
            let chunk = tokio::time::timeout(SOON, self.answer.chunk()).await.unwrap().ok()??;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn a_hundred_who_watch_see_a_gift_within_a_second() {
    let app = TestApp::start().await;
    let (_, slug) = app.opened(settings()).await;
    let path = format!("/api/pots/{slug}/events");
    let mut watching =
        join_all((0..100).map(|_| Watching::on(app.get(&path).header("accept-encoding", "gzip")))).await;
    for one in &mut watching {
        let first = one.next().await.unwrap();
        assert_eq!(first, json!({ "collected": 0, "gifts": 0, "wishes": 0, "stage": "open" }));
    }
    let donation =
        app.give(None, &crate::app::key(), &json!({ "pot": slug, "amount": 5000, "message": "Bravo" })).await;
    let donation = donation.expect(201)["donation"].as_str().unwrap().to_owned();
    app.wave().pay(&app.session(&donation), None).unwrap();
    app.until_stage(&donation, "confirmed").await;
    let arrived = Instant::now();
    let seen = join_all(watching.iter_mut().map(Watching::next)).await;
    let took = arrived.elapsed();
    for one in seen {
        assert_eq!(one.unwrap(), json!({ "collected": 5000, "gifts": 1, "wishes": 1, "stage": "open" }));
    }
    println!("100 who watch have seen a gift after {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn who_watches_a_pot_that_is_hidden_is_cut_off_and_its_owner_is_not() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let path = format!("/api/pots/{pot}/events");
    let mut visitor = Watching::on(app.get(&path)).await;
    let mut theirs = Watching::on(app.get(&path).bearer_auth(app.token(owner))).await;
    visitor.next().await.unwrap();
    theirs.next().await.unwrap();
    pots::hold(&app.pool, pot, HoldReason::Moderation, "looked at", Utc::now()).await.unwrap();
    assert_eq!(visitor.next().await, None);
    Reply::of(app.get(&path)).await.problem(404, "pot_unknown");
    pots::close(&app.pool, pot, Utc::now()).await.unwrap();
    assert_eq!(theirs.next().await.unwrap()["stage"], "closed");
}

#[tokio::test]
async fn who_came_by_its_id_sees_no_more_of_a_pot_that_is_for_those_with_its_link_now() {
    let app = TestApp::start().await;
    let (pot, slug) = app.opened(PotSettings { visibility: Visibility::Public, ..settings() }).await;
    let mut by_id = Watching::on(app.get(&format!("/api/pots/{pot}/events"))).await;
    let mut by_link = Watching::on(app.get(&format!("/api/pots/{slug}/events"))).await;
    by_id.next().await.unwrap();
    by_link.next().await.unwrap();
    let hide = format!(
        "update pots.pots set visibility = 'link', show_amounts = false where pot_id = '{}' returning 1::bigint",
        pot.uuid()
    );
    let _: i64 = app.read(&hide).await;
    assert_eq!(by_id.next().await, None);
    assert_eq!(by_link.next().await.unwrap(), json!({ "gifts": 0, "wishes": 0, "stage": "open" }));
}

#[tokio::test]
async fn an_api_that_is_to_end_does_not_wait_for_those_who_watch() {
    let app = TestApp::start().await;
    let (api, shutdown, serving) = app.with_an_end(|layers| layers).await;
    let (_, slug) = app.opened(settings()).await;
    let mut watching = Watching::on(api.get(&format!("/api/pots/{slug}/events"))).await;
    watching.next().await.unwrap();
    let began = Instant::now();
    shutdown.begin();
    assert_eq!(watching.next().await, None);
    tokio::time::timeout(SOON, serving).await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
