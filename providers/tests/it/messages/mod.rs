//! The clients for messages, against a server that writes down what it is sent and answers what it is told.

mod schemas;
mod sendgrid;
mod smtp;
mod whatsapp;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::Value;
use wolo_providers::http::Timeouts;
use wolo_providers::messages::HttpAccess;

/// A request, as it came.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A status, headers and a body.
pub(crate) type Reply = (u16, Vec<(&'static str, &'static str)>, String);

#[derive(Default)]
struct Book {
    requests: Vec<Request>,
    replies: VecDeque<Reply>,
}

#[derive(Clone)]
pub(crate) struct Recorder {
    book: Arc<Mutex<Book>>,
    address: String,
}

impl Recorder {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let recorder = Self { book: Arc::default(), address };
        let router = Router::new().fallback(take).with_state(recorder.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        recorder
    }

    pub(crate) fn access(&self) -> HttpAccess {
        HttpAccess {
            base_url: self.address.parse().unwrap(),
            timeouts: Timeouts::total(Duration::from_secs(10)),
            pause: Duration::from_secs(1),
        }
    }

    /// What the next request that has no answer yet is answered.
    pub(crate) fn will_answer(&self, status: u16, headers: &[(&'static str, &'static str)], body: &str) {
        self.book.lock().unwrap().replies.push_back((status, headers.to_vec(), body.to_owned()));
    }

    /// The only request since this was asked last.
    pub(crate) fn the_request(&self) -> Request {
        let mut requests = std::mem::take(&mut self.book.lock().unwrap().requests);
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }

    pub(crate) fn asked(&self) -> usize {
        self.book.lock().unwrap().requests.len()
    }
}

async fn take(
    State(recorder): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap, String) {
    let mut book = recorder.book.lock().unwrap();
    book.requests.push(Request { method, target: uri.to_string(), headers, body });
    let (status, headers, body) = book.replies.pop_front().unwrap();
    let headers = headers.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    (StatusCode::from_u16(status).unwrap(), headers.collect(), body)
}
