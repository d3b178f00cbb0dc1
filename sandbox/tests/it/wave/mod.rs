//! The Wave emulator, through its real HTTP.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise, wherever it stands")]

mod access;
mod checkout;
mod control;
mod faults;
mod keeping;
mod pages;
mod payouts;
mod signatures;
mod statement;
mod webhooks;

use crate::{facts::SOON, receiver};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use wolo_sandbox::wave::{Book, Options, Retry, Session, Wave};

const AWA: &str = "+221770000009";

/// A merchant with a running emulator.
struct Shop {
    wave: Wave,
    http: Client,
}

/// A status and the JSON that came with it (`null` for an empty body).
type Answer = (StatusCode, Value);

fn options() -> Options {
    Options { webhook_retry: Retry::QUICK, opening_balance: 1_000_000, ..Options::default() }
}

fn browser() -> Client {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

impl Shop {
    async fn open() -> Self {
        Self::with(options()).await
    }

    async fn with(options: Options) -> Self {
        Self { wave: Wave::start(options).await.unwrap(), http: browser() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.wave.base_url())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path)).bearer_auth(self.wave.api_key())
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// A bodiless action.
    async fn act(&self, path: &str) -> Answer {
        answer(self.request(Method::POST, path)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).json(body)).await
    }

    async fn create(&self, amount: &str, reference: &str) -> Value {
        let (status, session) = self.post("/v1/checkout/sessions", &gift(amount, reference)).await;
        assert_eq!(status, 200, "{session}");
        session
    }

    /// Creates and pays.
    async fn paid(&self, amount: &str, reference: &str) -> Session {
        let session = self.create(amount, reference).await;
        self.wave.pay(session["id"].as_str().unwrap(), None).unwrap()
    }

    fn payout_request(&self, key: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, "/v1/payout").header("idempotency-key", key).json(body)
    }

    async fn payout(&self, key: &str, body: &Value) -> Answer {
        answer(self.payout_request(key, body)).await
    }

    async fn wait<T>(&self, look: impl FnMut(&Book) -> Option<T>) -> T {
        self.wave.wait_for(look, SOON).await.unwrap()
    }
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.bytes().await.unwrap();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    (status, body)
}

fn gift(amount: &str, reference: &str) -> Value {
    json!({
        "amount": amount, "currency": "XOF", "client_reference": reference,
        "success_url": "https://wolo.example/ok", "error_url": "https://wolo.example/ko",
    })
}

fn order(amount: &str, mobile: &str, reference: &str) -> Value {
    json!({
        "currency": "XOF", "receive_amount": amount, "mobile": mobile, "name": "Awa Test",
        "client_reference": reference, "payment_reason": "Cagnotte anniversaire",
    })
}

/// The same object with one field set.
fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

/// The same object without one field.
fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().unwrap().remove(name);
    body
}

/// Every change of the balance is a line, and the lines carry it.
fn assert_exact(book: &Book) {
    let mut balance = book.opening();
    for line in book.movements() {
        balance += line.amount;
        assert_eq!(line.balance, balance);
    }
    assert_eq!(book.balance(), balance);
}
