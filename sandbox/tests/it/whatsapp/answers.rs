//! People answer: in words, by buttons, and by wanting no more.

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use serde_json::json;
use wolo_sandbox::whatsapp::{Category, Template, TemplateButton};

use super::{AWA, Sender, template, text, values};

#[tokio::test]
async fn words_and_buttons_are_told_with_what_they_are_about() {
    let sender = Sender::open().await;
    let buttons = vec![TemplateButton::QuickReply { text: "Arrêter".to_owned() }];
    let base = Template::new("invitation", "fr", Category::Marketing, "Salut {{1}} !");
    sender.emulator.keep_template(Template { buttons, ..base });
    sender.emulator.write(AWA, "Merci, c'est gentil à vous");
    let mut body = template(AWA);
    body["template"]["name"] = json!("invitation");
    body["template"]["components"].as_array_mut().unwrap().push(json!({
        "type": "button", "sub_type": "quick_reply", "index": "0",
        "parameters": [{ "type": "payload", "payload": "STOP" }],
    }));
    let invitation = sender.sent(&body).await;
    let mut body = text(AWA, "");
    body.as_object_mut().unwrap().remove("text");
    body["type"] = json!("interactive");
    body["interactive"] = json!({
        "type": "button", "body": { "text": "Acceptez-vous ?" },
        "action": { "buttons": [{ "type": "reply", "reply": { "id": "accept_01", "title": "Accepter" } }] },
    });
    let question = sender.sent(&body).await;
    sender.emulator.press(AWA, &invitation, "Arrêter", "STOP");
    sender.emulator.press(AWA, &question, "Accepter", "accept_01");

    let heard = sender.told(3, |letters| values(letters, "messages")).await;
    let of = |kind: &str| heard.iter().find(|message| message["type"] == kind).unwrap();
    assert_eq!(of("text")["text"]["body"], "Merci, c'est gentil à vous");
    assert_eq!(of("text")["from"], "221770000001");
    assert_eq!(of("button")["button"], json!({ "payload": "STOP", "text": "Arrêter" }));
    assert_eq!(of("button")["context"]["id"], invitation);
    let reply = json!({ "type": "button_reply", "button_reply": { "id": "accept_01", "title": "Accepter" } });
    assert_eq!(of("interactive")["interactive"], reply);
    let raw = sender.receiver.letters().into_iter().map(|letter| letter.body);
    assert!(raw.into_iter().all(|body| body.is_ascii()), "Meta escapes what is not ASCII before it signs");
}

#[tokio::test]
async fn who_stops_marketing_gets_no_more_of_it_and_our_api_is_told() {
    let sender = Sender::open().await;
    sender.emulator.keep_template(Template::new(
        "wish",
        "fr",
        Category::Marketing,
        "Bon anniversaire {{1}} !",
    ));
    let mut wish = template(AWA);
    wish["template"]["name"] = json!("wish");
    sender.emulator.prefer(AWA, true);
    let letters = sender.receiver.wait(1).await;
    let told = values(&letters, "user_preferences");
    assert_eq!((&told[0]["wa_id"], &told[0]["value"]), (&json!("221770000001"), &json!("stop")));
    let id = sender.sent(&wish).await;
    assert_eq!(sender.statuses(&id, 1).await[0]["errors"][0]["code"], 131_050);
    let id = sender.sent(&template(AWA)).await;
    sender.statuses(&id, 3).await;
    sender.emulator.prefer(AWA, false);
    let id = sender.sent(&wish).await;
    sender.statuses(&id, 3).await;
}

#[tokio::test]
async fn an_address_is_registered_when_it_shows_that_it_wants_to_be() {
    let sender = Sender::open().await;
    let token = sender.emulator.options().verify_token.clone();
    let answer = async move |RawQuery(query): RawQuery| {
        let query = query.unwrap();
        let value = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        assert_eq!(value("hub.mode"), "subscribe");
        if value("hub.verify_token") == token { value("hub.challenge") } else { String::new() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/good", get(answer)).route("/bad", get(async || "what?"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    assert!(sender.emulator.shake_hands(&format!("{url}/good")).await);
    for place in ["bad", "nowhere"] {
        assert!(!sender.emulator.shake_hands(&format!("{url}/{place}")).await);
    }
}
