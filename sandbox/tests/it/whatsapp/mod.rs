//! The WhatsApp emulator, through its real HTTP.

mod answers;
mod media;
mod receipts;
mod strictness;
mod templates;

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use wolo_sandbox::emulator::Place;
use wolo_sandbox::whatsapp::{Category, Meta, Options, Template, WhatsApp};

use crate::receiver::{Heard, Letter};

const AWA: &str = "+221770000001";

type Sender = Heard<Meta>;

fn options() -> Options {
    Options { place: Place::quick(), pace: Duration::ZERO, ..Options::default() }
}

impl Sender {
    async fn open() -> Self {
        Self::with(options()).await
    }

    async fn with(options: Options) -> Self {
        let sender = Self::telling(WhatsApp::start(options).await.unwrap()).await;
        let body = "Bonjour {{1}}, votre cagnotte est ouverte.";
        sender.emulator.keep_template(Template::new("pot_opened", "fr", Category::Utility, body));
        sender
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v25.0/{path}", self.emulator.base_url());
        Client::new().request(method, url).bearer_auth(&self.emulator.options().access_token)
    }

    async fn send(&self, body: &Value) -> (u16, Value) {
        let path = format!("{}/messages", self.emulator.options().phone_number_id);
        answer(self.request(Method::POST, &path).json(body)).await
    }

    /// Sends what is taken, and answers its name.
    async fn sent(&self, body: &Value) -> String {
        let (status, answer) = self.send(body).await;
        assert_eq!(status, 200, "{answer}");
        answer["messages"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Waits for that many statuses of a message.
    async fn statuses(&self, id: &str, count: usize) -> Vec<Value> {
        let theirs = |letters: &[Letter]| {
            statuses(letters).into_iter().filter(|status| status["id"] == id).collect::<Vec<_>>()
        };
        self.told(count, theirs).await
    }
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn values(letters: &[Letter], what: &str) -> Vec<Value> {
    let changes =
        letters.iter().flat_map(|letter| letter.json()["entry"][0]["changes"].as_array().unwrap().clone());
    changes.flat_map(|change| change["value"][what].as_array().cloned().unwrap_or_default()).collect()
}

fn statuses(letters: &[Letter]) -> Vec<Value> {
    values(letters, "statuses")
}

/// A template that is approved, to somebody.
fn template(to: &str) -> Value {
    json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "template",
        "biz_opaque_callback_data": "ntf_1",
        "template": {
            "name": "pot_opened", "language": { "code": "fr" },
            "components": [{ "type": "body", "parameters": [{ "type": "text", "text": "Awa" }] }],
        },
    })
}

fn text(to: &str, words: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": to, "type": "text", "text": { "body": words } })
}

fn words_of(statuses: &[Value]) -> Vec<&str> {
    let mut words: Vec<_> = statuses.iter().map(|status| status["status"].as_str().unwrap()).collect();
    words.sort_unstable();
    words
}
