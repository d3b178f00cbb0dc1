//! What was handed in is there for its receiver, once, on the page and as JSON.

use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use wolo_sandbox::emulator::Place;
use wolo_sandbox::inbox::{Button, Channel, Inbox, Message, State};
use wolo_sandbox::whatsapp::{self, WhatsApp};

use crate::facts::SOON;
use crate::receiver::Receiver;

const AWA: &str = "+221770000001";

fn message(to: &str, key: &str, text: &str) -> Message {
    Message::new(Channel::WhatsApp, to, key, text)
}

#[tokio::test]
async fn a_message_arrives_once_and_at_its_receiver_alone() {
    let inbox = Inbox::start(0).await.unwrap();
    let awaited = inbox.wait_for(AWA, Duration::from_secs(10), |messages| messages.first().cloned());
    let delivered = async {
        inbox.slot().deliver(message("+221770000002", "k1", "not for Awa"));
        inbox.slot().deliver(message(AWA, "k2", "le code <b>123456</b>"));
        inbox.slot().deliver(message(AWA, "k2", "again"));
    };
    let (found, ()) = tokio::join!(awaited, delivered);
    assert_eq!(found.unwrap().text, "le code <b>123456</b>");
    assert_eq!(inbox.messages_to(AWA).len(), 1);

    let page =
        reqwest::get(format!("{}/?to=%2B221770000001", inbox.url())).await.unwrap().text().await.unwrap();
    assert!(page.contains("le code &lt;b&gt;123456&lt;&#x2f;b&gt;"), "{page}");
    assert!(!page.contains("not for Awa"));
    let all: serde_json::Value =
        reqwest::get(format!("{}/messages", inbox.url())).await.unwrap().json().await.unwrap();
    assert_eq!(all[0]["to"], AWA);
    assert_eq!(all[0]["channel"], "whatsapp");
    assert_eq!(all.as_array().unwrap().len(), 2);
    inbox.shutdown().await;
}

#[tokio::test]
async fn who_waits_in_vain_is_told() {
    let inbox = Inbox::start(0).await.unwrap();
    let none = inbox.wait_for(AWA, Duration::from_millis(20), |messages| messages.first().cloned()).await;
    assert_eq!(none, None);
}

/// A browser that is sent back to where it was.
fn browser() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

#[tokio::test]
async fn a_person_reads_all_channels_in_one_timeline_presses_writes_and_switches_off() {
    let inbox = Inbox::start(0).await.unwrap();
    let place = Place { inbox: inbox.slot(), ..Place::quick() };
    let whatsapp =
        WhatsApp::start(whatsapp::Options { place, ..whatsapp::Options::default() }).await.unwrap();
    inbox.slot().deliver(Message {
        carrier: Some("WhatsApp"),
        buttons: vec![
            Button::Link { title: "Voir".to_owned(), url: "https://wolo.example/p/1".to_owned() },
            Button::Reply { title: "Arrêter".to_owned(), payload: "STOP".to_owned() },
        ],
        ..message(AWA, "w1", "Votre cagnotte est ouverte")
    });
    inbox.slot().deliver(Message {
        subject: Some("Bienvenue".to_owned()),
        html: Some("<p onclick=\"x()\">Bonjour</p>".to_owned()),
        ..Message::new(Channel::Email, "awa@example.sn", "e1", "Bonjour")
    });
    inbox.slot().mark(Channel::Email, "e1", State::Read);
    inbox.slot().deliver(message("+221770000002", "w2", "not for Awa"));

    let here = format!("{}/?to=%2B221770000001&to=awa%40example.sn", inbox.url());
    let page = reqwest::get(&here).await.unwrap().text().await.unwrap();
    let shown = [
        "Votre cagnotte est ouverte",
        "href=\"https:&#x2f;&#x2f;wolo.example&#x2f;p&#x2f;1\"",
        "Bienvenue",
        "sandbox=\"allow-popups",
        "&lt;p onclick=&quot;x()&quot;&gt;Bonjour",
        "· lu",
        "WhatsApp : couper",
    ];
    for words in shown {
        assert!(page.contains(words), "{words} is not on {page}");
    }
    assert!(!page.contains("not for Awa"));
    let (first, second) = (page.find("Votre cagnotte").unwrap(), page.find("Bienvenue").unwrap());
    assert!(first < second, "a person reads downwards");

    let post = async |path: &str, form: &[(&str, &str)]| {
        let request = browser().post(format!("{}/{path}", inbox.url())).header("referer", &here).form(form);
        let answer = request.send().await.unwrap();
        let place = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        (answer.status().as_u16(), place)
    };
    let pressed = [("channel", "whatsapp"), ("key", "w1"), ("button", "1")];
    let back = (303, Some("/?to=%2B221770000001&to=awa%40example.sn".to_owned()));
    assert_eq!(post("press", &pressed).await, back);
    assert_eq!(post("write", &[("carrier", "WhatsApp"), ("from", AWA), ("text", "Bonjour !")]).await, back);
    let now = whatsapp.now();
    assert!(whatsapp.look(|book| book.window_is_open(AWA, now)), "WhatsApp heard of it");
    assert_eq!(inbox.messages_to(AWA).len(), 1, "what Awa says does not arrive at Awa");
    let page = reqwest::get(&here).await.unwrap().text().await.unwrap();
    assert!(page.contains("Bonjour !") && page.contains("class=\"note own\""));
    for (path, wrong) in [
        ("press", [("channel", "whatsapp"), ("key", "w1"), ("button", "0")]),
        ("press", [("channel", "email"), ("key", "e1"), ("button", "0")]),
        ("write", [("carrier", "nobody"), ("from", AWA), ("text", "?")]),
    ] {
        assert_eq!(post(path, &wrong).await.0, 404, "{wrong:?}");
    }
    inbox.slot().deliver(Message { state: State::Failed, ..message(AWA, "w3", "perdu en route") });
    assert_eq!(inbox.messages_to(AWA).len(), 1, "what failed has not arrived");
    assert_eq!(post("carriers/WhatsApp", &[("off", "true")]).await, back);
    let page = reqwest::get(&here).await.unwrap().text().await.unwrap();
    assert!(page.contains("WhatsApp : rétablir"));
    assert!(page.contains("perdu en route") && page.contains("· échoué"), "what failed is shown: {page}");
    whatsapp.shutdown().await;
    let page = reqwest::get(&here).await.unwrap().text().await.unwrap();
    assert!(!page.contains("rétablir"), "who has stopped carries nothing");
}

#[tokio::test]
async fn who_is_dropped_carries_nothing_more_whatever_it_still_had_to_tell() {
    let inbox = Inbox::start(0).await.unwrap();
    let place = Place { inbox: inbox.slot(), webhook_gather: Duration::ZERO, ..Place::default() };
    let whatsapp =
        WhatsApp::start(whatsapp::Options { place, ..whatsapp::Options::default() }).await.unwrap();
    let deaf = Receiver::answering(&[503; 100]).await;
    whatsapp.register_webhook(&deaf.url);
    whatsapp.write(AWA, "Bonjour");
    deaf.wait(1).await;
    let is_there = async || reqwest::get(inbox.url()).await.unwrap().text().await.unwrap().contains("couper");
    assert!(is_there().await);
    drop(whatsapp);
    let gone = async { while is_there().await {} };
    tokio::time::timeout(SOON, gone).await.unwrap();
}

#[tokio::test]
async fn a_page_shows_the_newest_and_programs_get_all() {
    let inbox = Inbox::start(0).await.unwrap();
    for number in 0..250 {
        inbox.slot().deliver(message(AWA, &format!("k{number}"), &format!("no. {number}.")));
    }
    let get = async |path: &str| {
        reqwest::get(format!("{}{path}", inbox.url())).await.unwrap().text().await.unwrap()
    };
    let page = get("/?to=%2B221770000001").await;
    assert!(!page.contains("no. 49.") && page.contains("no. 50.") && page.contains("no. 249."));
    let keys = |text: &str| {
        let all: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        (all.len(), all[0]["key"].as_str().unwrap().to_owned())
    };
    assert_eq!(keys(&get("/messages").await), (250, "k249".to_owned()));
    assert_eq!(keys(&get("/messages?&most=3").await), (3, "k249".to_owned()));
}
