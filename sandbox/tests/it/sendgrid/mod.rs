//! The SendGrid emulator, through its real HTTP.

mod events;
mod strictness;
mod suppressions;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use wolo_sandbox::emulator::Place;
use wolo_sandbox::sendgrid::{Account, Options, SendGrid};

use crate::receiver::{Heard, Letter};

const AWA: &str = "awa@example.sn";

type Sender = Heard<Account>;

fn options() -> Options {
    Options { place: Place::quick(), pace: Duration::ZERO, ..Options::default() }
}

impl Sender {
    async fn open() -> Self {
        Self::with(options()).await
    }

    async fn with(options: Options) -> Self {
        Self::telling(SendGrid::start(options).await.unwrap()).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v3/{path}", self.emulator.base_url());
        Client::new().request(method, url).bearer_auth(self.emulator.api_key())
    }

    async fn send(&self, body: &Value) -> (u16, Value) {
        let answer = self.request(Method::POST, "mail/send").json(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    /// Sends what is taken, and answers its name.
    async fn sent(&self, body: &Value) -> String {
        let answer = self.request(Method::POST, "mail/send").json(body).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let id = answer.headers()["x-message-id"].to_str().unwrap().to_owned();
        assert!(answer.bytes().await.unwrap().is_empty());
        id
    }

    /// Waits for that many events about a mail.
    async fn events(&self, id: &str, count: usize) -> Vec<Value> {
        let theirs = |letters: &[Letter]| {
            events(letters).into_iter().filter(|event| is_about(event, id)).collect::<Vec<_>>()
        };
        self.told(count, theirs).await
    }
}

fn is_about(event: &Value, id: &str) -> bool {
    event["sg_message_id"].as_str().unwrap().starts_with(&format!("{id}."))
}

fn events(letters: &[Letter]) -> Vec<Value> {
    letters.iter().flat_map(|letter| letter.json().as_array().unwrap().clone()).collect()
}

fn words_of(events: &[Value]) -> Vec<&str> {
    let mut words: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    words.sort_unstable();
    words
}

fn mail(to: &str) -> Value {
    json!({
        "personalizations": [{ "to": [{ "email": to }], "custom_args": { "notification_id": "ntf_1" } }],
        "from": { "email": "bonjour@wolo.example", "name": "WOLO" },
        "subject": "Bienvenue",
        "content": [
            { "type": "text/plain", "value": "Bonjour Awa" },
            { "type": "text/html", "value": "<p>Bonjour Awa</p>" },
        ],
        "tracking_settings": { "click_tracking": { "enable": false }, "open_tracking": { "enable": false } },
    })
}
