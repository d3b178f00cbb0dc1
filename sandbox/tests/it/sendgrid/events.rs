//! What becomes of a mail is told in signed batches.

use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use wolo_sandbox::emulator::Place;
use wolo_sandbox::faults::{WebhookFault, WebhookFaultRule};
use wolo_sandbox::inbox::{Button, Inbox, State as Came};
use wolo_sandbox::sendgrid::{Options, Status};

use super::{AWA, Sender, events, mail, options, words_of};
use crate::facts::SOON;
use crate::receiver::Letter;

/// Whether this key signed the letter: over the timestamp and then the bytes.
fn is_signed(key: &str, letter: &Letter) -> bool {
    let header = |name: &str| letter.headers[name].to_str().unwrap().to_owned();
    let timestamp = header("x-twilio-email-event-webhook-timestamp");
    let signature = STANDARD.decode(header("x-twilio-email-event-webhook-signature")).unwrap();
    let message = [timestamp.as_bytes(), &letter.body].concat();
    // The point is the end of a P-256 SubjectPublicKeyInfo.
    let key = STANDARD.decode(key).unwrap();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &key[key.len() - 65..]);
    key.verify(&message, &signature).is_ok()
}

#[tokio::test]
async fn a_mail_is_processed_and_delivered_with_our_arguments_and_the_line_end_is_signed() {
    let sender = Sender::open().await;
    let mut body = mail(AWA);
    body["categories"] = json!(["pot"]);
    let id = sender.sent(&body).await;
    let told = sender.events(&id, 2).await;
    assert_eq!(words_of(&told), ["delivered", "processed"]);
    for event in &told {
        let fields = ["notification_id", "email", "category"].map(|name| event[name].as_str().unwrap());
        assert_eq!(fields, ["ntf_1", AWA, "pot"]);
    }
    assert_ne!(told[0]["sg_event_id"], told[1]["sg_event_id"]);
    for letter in sender.receiver.letters() {
        assert!(is_signed(&sender.emulator.public_key(), &letter) && letter.body.ends_with(b"\r\n"));
    }
    sender.emulator.look(|book| {
        let kept = book.mails_with("notification_id", "ntf_1").next().unwrap();
        assert_eq!(
            (kept.status, kept.id.as_str(), kept.subject.as_str()),
            (Status::Delivered, &*id, "Bienvenue")
        );
        assert_eq!(book.mails_to(AWA).count(), 1);
    });
}

#[tokio::test]
async fn openings_are_told_where_they_are_watched() {
    let sender = Sender::open().await;
    let mut body = mail(AWA);
    body.as_object_mut().unwrap().remove("tracking_settings");
    let id = sender.sent(&body).await;
    assert_eq!(words_of(&sender.events(&id, 3).await), ["delivered", "open", "processed"]);
}

#[tokio::test]
async fn addresses_do_what_they_begin_with() {
    let sender = Sender::open().await;
    for (address, words) in [
        ("bounce@example.sn", vec!["bounce", "processed"]),
        ("block+awa@example.sn", vec!["bounce", "processed"]),
        ("defer@example.sn", vec!["deferred", "delivered", "processed"]),
        ("spam@example.sn", vec!["delivered", "processed", "spamreport"]),
        ("drop@example.sn", vec!["dropped"]),
        ("bounced@example.sn", vec!["delivered", "processed"]),
    ] {
        let id = sender.sent(&mail(address)).await;
        let told = sender.events(&id, words.len()).await;
        assert_eq!(words_of(&told), words, "{address}");
        let kind = told.iter().find_map(|event| event["type"].as_str());
        let expected = match address.split(['@', '+']).next().unwrap() {
            "bounce" => Some("bounce"),
            "block" => Some("blocked"),
            _ => None,
        };
        assert_eq!(kind, expected, "{address}");
    }
}

#[tokio::test]
async fn a_channel_that_is_off_gives_mails_back_and_keeps_nobody_on_a_list_for_it() {
    let sender = Sender::open().await;
    sender.emulator.switch(true);
    let id = sender.sent(&mail(AWA)).await;
    let told = sender.events(&id, 2).await;
    assert_eq!(words_of(&told), ["bounce", "processed"]);
    sender.emulator.switch(false);
    let id = sender.sent(&mail(AWA)).await;
    assert_eq!(words_of(&sender.events(&id, 2).await), ["delivered", "processed"]);
}

#[tokio::test]
async fn a_new_key_replaces_the_one_before_and_a_forged_batch_fits_neither() {
    let sender = Sender::open().await;
    let old = sender.emulator.public_key();
    sender.emulator.rotate_key();
    let new = sender.emulator.public_key();
    sender.emulator.webhook_fault(WebhookFaultRule::once(WebhookFault::Forged));
    let id = sender.sent(&mail(AWA)).await;
    sender.events(&id, 2).await;
    let letters = sender.receiver.letters();
    let by = |key: &str| letters.iter().filter(|letter| is_signed(key, letter)).count();
    assert_eq!((letters.len(), by(&old), by(&new)), (2, 0, 1));
}

#[tokio::test]
async fn one_letter_tells_of_a_moment_and_again_with_the_same_events_if_it_is_not_heard() {
    let place = Place { webhook_gather: Duration::from_millis(300), ..Place::quick() };
    let sender = Sender::with(Options { place, ..options() }).await;
    sender.emulator.webhook_fault(WebhookFaultRule::once(WebhookFault::Duplicate { copies: 1 }));
    for _ in 0..10 {
        sender.sent(&mail(AWA)).await;
    }
    let enough = |all: &[Letter]| events(all).len() > 20;
    let mut letters = Vec::new();
    while !enough(&letters) {
        letters = sender.receiver.wait(letters.len() + 1).await;
    }
    assert!(letters.len() < 10, "{}", letters.len());
    let mut ids: Vec<_> =
        events(&letters).into_iter().map(|event| event["sg_event_id"].to_string()).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert!(ids.len() < all, "a duplicate carries the same events");
}

#[tokio::test]
async fn a_mail_lies_in_the_inbox_and_its_button_ends_such_mails_in_one_click() {
    let inbox = Inbox::start(0).await.unwrap();
    let place = Place { inbox: inbox.slot(), ..Place::quick() };
    let sender = Sender::with(Options { place, ..options() }).await;
    let (tell, mut presses) = mpsc::channel::<String>(1);
    let heard = async |State(tell): State<mpsc::Sender<String>>, body: String| {
        tell.send(body).await.unwrap();
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}/u/1", listener.local_addr().unwrap());
    let app = Router::new().route("/u/1", post(heard)).with_state(tell);
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut body = mail(AWA);
    body["headers"] = json!({
        "List-Unsubscribe": format!("<mailto:x@wolo.example>, <{place}>"),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    });
    sender.sent(&body).await;
    let arrived = inbox.wait_for(AWA, SOON, |messages| messages.first().cloned()).await.unwrap();
    assert_eq!(
        (arrived.subject.as_deref(), arrived.html.as_deref()),
        (Some("Bienvenue"), Some("<p>Bonjour Awa</p>"))
    );
    assert_eq!((arrived.reference.as_deref(), arrived.state), (Some("ntf_1"), Came::Delivered));
    let button = Button::Reply { title: "Se désabonner".to_owned(), payload: place };
    assert_eq!(arrived.buttons, [button]);
    let form = [("channel", "email"), ("key", &arrived.key), ("button", "0")];
    reqwest::Client::new().post(format!("{}/press", inbox.url())).form(&form).send().await.unwrap();
    assert_eq!(presses.recv().await.unwrap(), "List-Unsubscribe=One-Click");
}

#[tokio::test]
async fn who_follows_sendgrids_own_link_is_told_of_and_gets_no_more() {
    let sender = Sender::open().await;
    let id = sender.sent(&mail(AWA)).await;
    let told = sender.events(&id, 2).await;
    assert!(sender.emulator.unsubscribe(told[0]["sg_message_id"].as_str().unwrap()));
    assert!(words_of(&sender.events(&id, 3).await).contains(&"unsubscribe"));
    let id = sender.sent(&mail(AWA)).await;
    let told = sender.events(&id, 1).await;
    let dropped: Vec<(&Value, &Value)> =
        told.iter().map(|event| (&event["event"], &event["reason"])).collect();
    assert_eq!(dropped, [(&json!("dropped"), &json!("Unsubscribed Address"))]);
}
