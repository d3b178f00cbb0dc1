//! What Meta would refuse is refused, with Meta's code.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use wolo_sandbox::faults::Fault;
use wolo_sandbox::whatsapp::{Endpoint, FaultRule};

use super::{AWA, Sender, answer, template, text};

#[tokio::test]
async fn only_the_token_opens_and_only_our_number_sends() {
    let sender = Sender::open().await;
    let number = &sender.emulator.options().phone_number_id;
    let url = format!("{}/v25.0/{number}/messages", sender.emulator.base_url());
    let (status, refusal) = answer(Client::new().post(&url).json(&template(AWA))).await;
    assert_eq!((status, &refusal["error"]["code"]), (401, &json!(190)));
    let (status, _) = answer(Client::new().post(&url).bearer_auth("x").json(&template(AWA))).await;
    assert_eq!(status, 401);
    let (_, refusal) = answer(sender.request(Method::POST, "1/messages").json(&template(AWA))).await;
    assert_eq!(refusal["error"]["code"], 33);
    let old = url.replace("v25.0", "v12.0");
    let token = &sender.emulator.options().access_token;
    let (_, refusal) = answer(Client::new().post(old).bearer_auth(token).json(&template(AWA))).await;
    assert_eq!(refusal["error"]["code"], 100);
    assert!(sender.emulator.look(|book| book.messages().is_empty()));
}

#[tokio::test]
async fn a_body_that_is_not_as_documented_is_refused_by_its_code() {
    let sender = Sender::open().await;
    sender.emulator.write(AWA, "Salut");
    let changed = |path: &str, value: Value| {
        let mut body = template(AWA);
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = template(AWA);
        body[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = template(AWA);
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let interactive = |interactive: Value| json!({ "messaging_product": "whatsapp", "to": AWA, "type": "interactive", "interactive": interactive });
    let button = |title: &str| json!({ "type": "reply", "reply": { "id": "a", "title": title } });
    let asks = |buttons: Vec<Value>| {
        interactive(json!({ "type": "button", "body": { "text": "?" }, "action": { "buttons": buttons } }))
    };
    let parameters = "/template/components/0/parameters";
    for (body, code) in [
        (with("metadata", json!({})), 100),
        (with("messaging_product", json!("telegram")), 100),
        (with("text", json!({ "body": "too" })), 100),
        (without("to"), 131_008),
        (without("template"), 131_008),
        (with("to", json!("awa")), 131_009),
        (with("to", json!(sender.emulator.options().display_phone_number)), 131_021),
        (with("type", json!("sticker")), 131_051),
        (with("biz_opaque_callback_data", json!("x".repeat(513))), 131_009),
        (changed("/template/language/code", json!("wo")), 132_001),
        (changed("/template/name", json!("nothing")), 132_001),
        (changed(parameters, json!([])), 132_000),
        (changed(&format!("{parameters}/0/text"), json!("two\nlines")), 132_012),
        (changed(&format!("{parameters}/0/text"), json!("x".repeat(1025))), 132_005),
        (text(AWA, ""), 131_009),
        (text(AWA, &"x".repeat(4097)), 131_009),
        (asks(vec![]), 131_009),
        (asks(vec![button("a"), button("b"), button("c"), button("d")]), 131_009),
        (asks(vec![button("a title that is far too long")]), 131_009),
    ] {
        let (status, refusal) = sender.send(&body).await;
        assert_eq!((status, &refusal["error"]["code"]), (400, &json!(code)), "{body}");
        assert!(
            refusal["error"]["error_data"]["details"].is_string()
                && refusal["error"]["fbtrace_id"].is_string()
        );
    }
    assert!(sender.emulator.look(|book| book.messages().is_empty()));
    let path = format!("{}/messages", sender.emulator.options().phone_number_id);
    let form = sender.request(Method::POST, &path).form(&[("to", AWA)]);
    assert_eq!(answer(form).await.1["error"]["code"], 100);
}

#[tokio::test]
async fn saying_that_we_have_read_is_no_message() {
    let sender = Sender::open().await;
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1" });
    assert_eq!(sender.send(&read).await, (200, json!({ "success": true })));
    let odd = json!({ "messaging_product": "whatsapp", "status": "unread", "message_id": "wamid.1" });
    assert_eq!(sender.send(&odd).await.0, 400);
    assert!(sender.emulator.look(|book| book.messages().is_empty()));
}

#[tokio::test]
async fn faults_speak_in_metas_words_and_do_or_do_not_send() {
    let sender = Sender::open().await;
    let fault = |fault| sender.emulator.fault(FaultRule::once(Endpoint::Messages, fault));
    let count = || sender.emulator.look(|book| book.messages().len());
    fault(Fault::TooManyRequests { retry_after: None });
    let (status, refusal) = sender.send(&template(AWA)).await;
    assert_eq!((status, &refusal["error"]["code"], count()), (429, &json!(130_429), 0));
    fault(Fault::ErrorBefore { status: 503 });
    let (status, refusal) = sender.send(&template(AWA)).await;
    assert_eq!((status, &refusal["error"]["code"], count()), (503, &json!(131_000), 0));
    fault(Fault::Refused { status: 400, code: "131026".to_owned() });
    let (status, refusal) = sender.send(&template(AWA)).await;
    assert_eq!((status, &refusal["error"]["code"], count()), (400, &json!(131_026), 0));
    let path = format!("{}/messages", sender.emulator.options().phone_number_id);
    let lost = || sender.request(Method::POST, &path).json(&template(AWA)).send();
    fault(Fault::LostRequest);
    assert!(lost().await.is_err() && count() == 0);
    fault(Fault::LostReply);
    assert!(lost().await.is_err() && count() == 1);
    fault(Fault::ErrorAfter { status: 500 });
    assert_eq!((sender.send(&template(AWA)).await.0, count()), (500, 2));
    fault(Fault::MalformedReply);
    assert!(lost().await.unwrap().json::<Value>().await.is_err());
    assert_eq!((sender.emulator.calls(Endpoint::Messages), count()), (7, 3));
}

#[tokio::test]
async fn another_process_can_bend_and_look_too() {
    let sender = Sender::open().await;
    let control = |path: &str| format!("{}/_sandbox/{path}", sender.emulator.base_url());
    let rule = json!({ "endpoint": "messages", "fault": { "kind": "error_before", "status": 500 } });
    let made = answer(Client::new().post(control("faults")).json(&rule)).await;
    assert_eq!(made, (200, json!({ "number": 1 })));
    assert_eq!(sender.send(&template(AWA)).await.0, 500);
    answer(Client::new().post(control("faults/clear"))).await;
    sender.sent(&template(AWA)).await;
    let (_, book) = answer(Client::new().get(control("book"))).await;
    assert_eq!(book["messages"][0]["to"], AWA);
    let unknown = json!({ "endpoint": "payout.create", "fault": { "kind": "lost_reply" } });
    assert_eq!(Client::new().post(control("faults")).json(&unknown).send().await.unwrap().status(), 422);
}
