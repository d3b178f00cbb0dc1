//! What Wave tells us, and what others tell us in its name.

use aws_lc_rs::hmac;
use chrono::Utc;
use futures::future::join_all;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use uuid::Uuid;
use wolo_control::Control;
use wolo_control::donations::Heard;
use wolo_domain::ids::DonationId;
use wolo_domain::pots::Visibility;

use crate::app::TestApp;
use crate::health::port_of;
use crate::reply::Reply;
use crate::sabotage::Wire;

const HEADER: &str = "wave-signature";

fn tag(secret: &str, at: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, format!("{at}{body}").as_bytes()))
}

fn secret(app: &TestApp) -> &str {
    app.settings.wave.webhook_secrets[0].expose_secret()
}

fn signed(app: &TestApp, at: i64, body: &str) -> String {
    format!("t={at},v1={}", tag(secret(app), at, body))
}

fn now() -> i64 {
    Utc::now().timestamp()
}

fn completed(event: &str, donation: &str) -> Value {
    json!({ "id": event, "type": "checkout.session.completed", "data": {
        "id": "cos-1", "amount": "5000", "checkout_status": "complete", "client_reference": donation,
        "currency": "XOF", "payment_status": "succeeded", "transaction_id": "TCN1",
        "when_completed": "2026-11-22T10:00:00Z", "when_created": "2026-11-22T09:00:00Z",
        "when_expires": "2026-11-22T09:30:00Z", "wave_launch_url": "https://pay.wave.com/c/cos-1",
    } })
}

fn event() -> String {
    format!("EV_{}", Uuid::new_v4().simple())
}

fn stranger() -> String {
    format!("don_{}", Uuid::now_v7().simple())
}

impl TestApp {
    async fn deliver(&self, headers: &[String], body: &str) -> Reply {
        let mut request = self.post("/api/payments/webhook").header("content-type", "application/json");
        for header in headers {
            request = request.header(HEADER, header);
        }
        Reply::of(request.body(body.to_owned())).await
    }

    /// As Wave would.
    async fn tell(&self, body: &str) -> Reply {
        self.deliver(&[signed(self, now(), body)], body).await
    }

    /// How often an event is in the inbox, and whether it was dealt with.
    async fn inbox(&self, event: &str) -> (i64, i64) {
        let of = |what: &str| format!("select {what} from ops.webhook_inbox where event_id = '{event}'");
        (self.read(&of("count(*)")).await, self.read(&of("count(handled_at)")).await)
    }
}

#[tokio::test]
async fn any_non_empty_signature_header_does_not_pass() {
    let app = TestApp::start().await;
    let event = event();
    let body = completed(&event, &stranger()).to_string();
    let (at, good) = (now(), tag(secret(&app), now(), &body));
    let unsigned = Reply::of(app.post("/api/payments/webhook").body(body.clone())).await;
    unsigned.problem(401, "signature_invalid");
    insta::assert_snapshot!(unsigned.body, @r#"{"type":"/problems/signature_invalid","title":"Signature refusée","status":401,"detail":"La signature est absente ou ne convient pas.","code":"signature_invalid","request_id":"a-test"}"#);
    for header in [
        String::new(),
        "x".to_owned(),
        "1".to_owned(),
        good.clone(),
        format!("v1={good}"),
        format!("t={at}"),
        format!("t={at},v1="),
        format!("t={at},v1={}", &good[..62]),
        format!("t={at},v1={}", "0".repeat(64)),
        format!("t={at},v2={good}"),
        format!("t={at}.0,v1={good}"),
        format!("t=-{at},v1={good}"),
        format!("t={at},t={at},v1={good}"),
        format!("t={},v1={good}", u128::MAX),
        format!("t={at},v1={}", tag("another secret", at, &body)),
        // A dot between timestamp and body is another provider's scheme; the body alone is nobody's.
        format!("t={at},v1={}", tag(secret(&app), at, &format!(".{body}"))),
        format!("t={at},v1={}", tag(secret(&app), at, &format!("{body}\n"))),
        format!("Bearer {}", secret(&app)),
    ] {
        app.deliver(&[header], &body).await.problem(401, "signature_invalid");
    }
    assert_eq!(app.inbox(&event).await, (0, 0));
}

#[tokio::test]
async fn a_signature_counts_for_five_minutes_and_for_one_header() {
    let app = TestApp::start().await;
    let event = event();
    let body = completed(&event, &stranger()).to_string();
    for at in [now() - 310, now() - 86_400, now() + 40, now() + 600, 0] {
        app.deliver(&[signed(&app, at, &body)], &body).await.problem(401, "signature_invalid");
    }
    let good = signed(&app, now(), &body);
    app.deliver(&[good.clone(), good.clone()], &body).await.problem(401, "signature_invalid");
    app.deliver(&[good.clone(), "x".to_owned()], &body).await.problem(401, "signature_invalid");
    let changed = body.replace("5000", "6000");
    app.deliver(&[good], &changed).await.problem(401, "signature_invalid");
    assert_eq!(app.inbox(&event).await, (0, 0));
    for at in [now() - 290, now() + 20] {
        assert_eq!(app.deliver(&[signed(&app, at, &body)], &body).await.status, 200);
    }
}

#[tokio::test]
async fn every_active_secret_counts_while_one_is_exchanged() {
    let app = TestApp::start().await;
    let rotating = app.with(|layers| layers.set("wave.webhook_secrets", "the new one,the old one")).await;
    for secret in ["the new one", "the old one"] {
        let body = completed(&event(), &stranger()).to_string();
        let at = now();
        let header = format!("t={at},v1={},v1={}", "0".repeat(64), tag(secret, at, &body));
        assert_eq!(rotating.deliver(&[header], &body).await.status, 200);
    }
}

#[tokio::test]
async fn no_more_than_64_kib_are_read() {
    let app = TestApp::start().await;
    let body = " ".repeat(64 * 1024 + 1);
    app.tell(&body).await.problem(413, "body_too_large");
}

#[tokio::test]
async fn an_event_for_a_gift_that_nobody_asked_for_is_kept_and_credits_nothing() {
    let app = TestApp::start().await;
    let postings = "select count(*) from money.ledger_transactions where business_key = ";
    for reference in [stranger(), "another shop's order".to_owned()] {
        let event = event();
        let reply = app.tell(&completed(&event, &reference).to_string()).await;
        assert_eq!(reply.status, 200);
        assert_eq!(app.inbox(&event).await, (1, 1));
        assert_eq!(app.read::<i64>(&format!("{postings}'{}'", reference.replace('\'', "''"))).await, 0);
    }
}

#[tokio::test]
async fn a_type_that_nothing_waits_for_is_kept_and_answered() {
    let app = TestApp::start().await;
    let event = format!("AE_{}", Uuid::new_v4().simple());
    for _ in 0..2 {
        let body = json!({ "id": event, "type": "test.test_event", "data": { "anything": [1] } }).to_string();
        assert_eq!(app.tell(&body).await.status, 200);
    }
    assert_eq!(app.inbox(&event).await, (1, 1));
}

#[tokio::test]
async fn a_signed_event_that_cannot_be_read_is_kept_and_not_accepted() {
    let app = TestApp::start().await;
    let event = event();
    let body =
        json!({ "id": event, "type": "checkout.session.completed", "data": { "amount": 1.5 } }).to_string();
    app.tell(&body).await.problem(422, "event_unreadable");
    assert_eq!(app.inbox(&event).await, (1, 0));
    app.tell(&format!("not json {event}")).await.problem(422, "event_unreadable");
    let kept: i64 = app
        .read(&format!(
            "select count(*) from ops.webhook_inbox where raw = convert_to('not json {event}', 'UTF8')"
        ))
        .await;
    assert_eq!(kept, 1);
}

/// What has the form of an event but names nothing that could be written down.
#[tokio::test]
async fn a_signed_event_with_names_that_cannot_be_stored_is_unreadable_and_not_our_failing() {
    let app = TestApp::start().await;
    for odd in ["a\u{0}b".to_owned(), "x".repeat(5_000)] {
        let (kind, reference) = (event(), event());

        for body in [
            json!({ "id": odd, "type": "an.event", "data": {} }),
            json!({ "id": kind, "type": odd, "data": {} }),
            completed(&reference, &odd),
        ] {
            app.tell(&body.to_string()).await.problem(422, "event_unreadable");
        }
        assert_eq!(app.inbox(&kind).await, (1, 0));
        assert_eq!(app.inbox(&reference).await, (1, 0));
    }
}

#[tokio::test]
async fn an_id_that_comes_again_with_other_content_is_refused() {
    let app = TestApp::start().await;
    let event = event();
    assert_eq!(app.tell(&completed(&event, &stranger()).to_string()).await.status, 200);
    let other = completed(&event, &stranger()).to_string();
    app.tell(&other).await.problem(409, "event_reused");
    let kept: i64 = app
        .read(&format!("select count(*) from ops.webhook_inbox where event_id = '{event}' and raw = convert_to('{other}', 'UTF8')"))
        .await;
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn the_webhook_does_not_answer_200_after_a_failure() {
    let app = TestApp::start().await;
    let engine = Wire::to(port_of(&app.world().temporal.address())).await;
    let database = Wire::to(app.world().postgres.port()).await;
    let cut = app
        .with(|layers| {
            layers
                .set("temporal.address", format!("http://{}", engine.address))
                .set("database.url", format!("postgres://wolo_api@{}/wolo?sslmode=disable", database.address))
        })
        .await;
    let event = event();
    let body = completed(&event, &stranger()).to_string();
    engine.cut();
    let failed = cut.tell(&body).await;
    assert_eq!(failed.status, 503, "{}", failed.body);
    assert_eq!(failed.header("retry-after"), "3");
    // It is kept, and not yet dealt with.
    assert_eq!(app.inbox(&event).await, (1, 0));
    database.cut();
    assert_eq!(cut.tell(&body).await.status, 503);
    engine.mend();
    database.mend();
    cut.until(async || (cut.tell(&body).await.status == 200).then_some(())).await;
    assert_eq!(app.inbox(&event).await, (1, 1));
}

#[tokio::test]
async fn a_thousand_copies_at_two_doors_are_heard_once() {
    let app = TestApp::start().await;
    let other = app.with(|layers| layers).await;
    let (pot, _) = app.open_pot(Visibility::Public).await;
    let (donation, _) = app.begun(pot, 5_000).await;
    let event = event();
    let mut failed = completed(&event, &donation);
    failed["type"] = "checkout.session.payment_failed".into();
    failed["data"]["checkout_status"] = "open".into();
    failed["data"]["payment_status"] = "processing".into();
    let body = failed.to_string();
    let copies =
        join_all((0..1_000).map(|turn| if turn % 2 == 0 { app.tell(&body) } else { other.tell(&body) }));
    let replies = copies.await;
    let refused: Vec<_> =
        replies.iter().filter(|reply| reply.status != 200).map(|reply| &reply.body).collect();
    assert_eq!(refused.len(), 0, "the first of them: {}", refused[0]);
    let client = wolo_bootstrap::temporal::connect(&app.settings.temporal).await.unwrap();
    let control = Control::new(client);
    let gift: DonationId = donation.parse().unwrap();
    assert_eq!(control.donation_status(gift).await.unwrap().failed_attempts, 1);
    // The engine itself knows an event again: no door has to remember.
    control.tell_donation(gift, Heard::AttemptFailed, &event).await.unwrap();
    assert_eq!(control.donation_status(gift).await.unwrap().failed_attempts, 1);
    control.tell_donation(gift, Heard::AttemptFailed, "another event").await.unwrap();
    assert_eq!(control.donation_status(gift).await.unwrap().failed_attempts, 2);
    assert_eq!(app.status(&donation).await.json()["failed_attempts"], 1);
}

#[tokio::test]
async fn a_thousand_copies_of_a_payment_are_credited_once() {
    let app = TestApp::start().await;
    let (pot, owner) = app.open_pot(Visibility::Public).await;
    let (donation, session) = app.begun(pot, 5_000).await;
    app.wave().pay(&session, None).unwrap();
    let event = app
        .wave()
        .wait_for(
            |book| {
                let mut events = book.events().iter();
                events.rfind(|event| event.body.contains(&donation)).cloned()
            },
            crate::app::SOON,
        )
        .await
        .unwrap();
    // A door of its own, because no door takes two crowds at once.
    let door = app.with(|layers| layers).await;
    let copies = join_all((0..1_000).map(|_| door.tell(&event.body))).await;
    assert!(
        copies.iter().all(|reply| reply.status == 200),
        "{:?}",
        copies.iter().find(|reply| reply.status != 200).map(|reply| &reply.body)
    );
    app.until_stage(&donation, "confirmed").await;
    let seen = app.look_at(&pot.to_string(), Some(owner)).await.expect(200);
    assert_eq!((&seen["collected"], &seen["gifts"]), (&5_000.into(), &1.into()));
    assert_eq!(app.inbox(&event.id).await, (1, 1));
}
