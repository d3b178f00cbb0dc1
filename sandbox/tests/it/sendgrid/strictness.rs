//! What SendGrid would refuse is refused, with the field that it is about.

use std::time::Duration;

use chrono::Utc;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use wolo_sandbox::faults::{Fault, RetryAfter};
use wolo_sandbox::sendgrid::{Book, Endpoint, FaultRule};

use super::{AWA, Sender, mail};
use crate::facts::SOON;

#[tokio::test]
async fn only_the_key_opens() {
    let sender = Sender::open().await;
    let url = format!("{}/v3/mail/send", sender.emulator.base_url());
    for request in [Client::new().post(&url), Client::new().post(&url).bearer_auth("SG.other")] {
        let answer = request.json(&mail(AWA)).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(answer.json::<Value>().await.unwrap()["errors"][0]["field"].is_null());
    }
    let answer = sender.request(Method::GET, "mail/send").send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(sender.request(Method::GET, "nothing").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_body_that_is_not_as_documented_is_refused_with_its_field() {
    let sender = Sender::open().await;
    let with = |path: &str, name: &str, value: Value| {
        let mut body = mail(AWA);
        body.pointer_mut(path).unwrap()[name] = value;
        body
    };
    let without = |name: &str| {
        let mut body = mail(AWA);
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let to = "/personalizations/0";
    let twice = json!([{ "email": AWA }, { "email": AWA }]);
    let html_first = json!([{ "type": "text/html", "value": "<p>" }, { "type": "text/plain", "value": "x" }]);
    let later = Utc::now().timestamp() + 4 * 24 * 3600;
    for (body, field) in [
        (with("", "metadata", json!(1)), "metadata"),
        (with(to, "to", json!([{ "email": "awa" }])), "personalizations.0.to.0.email"),
        (with(to, "to", json!([{ "mail": AWA }])), "personalizations.0.to.0.mail"),
        (with(to, "to", json!([])), "personalizations.0.to"),
        (with(to, "to", twice), "personalizations.0"),
        (with(to, "send_at", json!(later)), "personalizations.0.send_at"),
        (with(to, "custom_args", json!({ "a": "x".repeat(10_000) })), "personalizations.0.custom_args"),
        (with(to, "custom_args", json!({ "a": 1 })), "personalizations.0.custom_args.a"),
        (with(to, "headers", json!({ "Subject": "x" })), "personalizations.0.headers.Subject"),
        (with("", "personalizations", json!([])), "personalizations"),
        (with("", "from", json!({ "email": "wolo" })), "from.email"),
        (with("", "subject", json!("")), "subject"),
        (without("subject"), "subject"),
        (without("content"), "content"),
        (with("/content/0", "value", json!("")), "content"),
        (with("", "content", html_first), "content.0.type"),
        (
            with("", "categories", json!(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"])),
            "categories",
        ),
        (with("", "attachments", json!([{ "content": "%", "filename": "f" }])), "attachments.0.content"),
        (with("", "asm", json!({ "group_id": "1" })), "asm.group_id"),
    ] {
        let (status, refusal) = sender.send(&body).await;
        assert_eq!((status, refusal["errors"][0]["field"].as_str()), (400, Some(field)), "{refusal}");
        assert!(refusal["errors"][0]["message"].is_string());
    }
    let form = sender.request(Method::POST, "mail/send").form(&[("to", AWA)]).send().await.unwrap();
    assert_eq!(form.status(), 400);
    assert!(sender.emulator.look(|book| book.mails().is_empty()));
    let template = json!({ "template_id": "d-1", "from": { "email": "a@wolo.example" }, "personalizations": [{ "to": [{ "email": AWA }], "dynamic_template_data": { "name": "Awa" } }] });
    sender.sent(&template).await;
}

#[tokio::test]
async fn sandbox_mode_checks_and_sends_nothing() {
    let sender = Sender::open().await;
    let mut body = mail(AWA);
    body["mail_settings"] = json!({ "sandbox_mode": { "enable": true } });
    assert_eq!(sender.send(&body).await.0, 200);
    body["from"]["email"] = json!("wolo");
    assert_eq!(sender.send(&body).await.0, 400);
    sender.emulator.look(|book| assert_eq!((book.checked(), book.mails().len()), (1, 0)));
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_refused_as_that() {
    let sender = Sender::open().await;
    let mut body = mail(AWA);
    body["content"][0]["value"] = json!("x".repeat(30 * 1024 * 1024));
    let (status, refusal) = sender.send(&body).await;
    assert_eq!((status, &refusal["errors"][0]["message"]), (413, &json!("content too large")));
}

#[tokio::test]
async fn a_limit_says_when_it_begins_anew_and_faults_speak_in_sendgrids_words() {
    let sender = Sender::open().await;
    let fault = |fault| sender.emulator.fault(FaultRule::once(Endpoint::Send, fault));
    fault(Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(7)) });
    let answer = sender.request(Method::POST, "mail/send").json(&mail(AWA)).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["x-ratelimit-remaining"].to_str().unwrap()),
        (429, "0")
    );
    let reset: i64 = answer.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!((1..=7).contains(&(reset - Utc::now().timestamp())), "{reset}");
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["message"], "too many requests");

    fault(Fault::Refused { status: 400, code: "from.email".to_owned() });
    let (status, refusal) = sender.send(&mail(AWA)).await;
    assert_eq!((status, &refusal["errors"][0]["field"]), (400, &json!("from.email")));
    fault(Fault::ErrorBefore { status: 503 });
    assert_eq!(sender.send(&mail(AWA)).await.0, 503);
    assert!(sender.emulator.look(|book| book.mails().is_empty()));
    fault(Fault::ErrorAfter { status: 500 });
    assert_eq!(sender.send(&mail(AWA)).await.0, 500);
    fault(Fault::StalledReply);
    let impatient = Client::builder().timeout(Duration::from_millis(300)).build().unwrap();
    let url = format!("{}/v3/mail/send", sender.emulator.base_url());
    let asked = impatient.post(url).bearer_auth(sender.emulator.api_key()).json(&mail(AWA)).send().await;
    assert!(asked.unwrap_err().is_timeout());
    let both = |book: &Book| (book.mails().len() == 2).then_some(());
    sender.emulator.wait_for(both, SOON).await.unwrap();
}
