//! A webhook address: it writes down every request and answers what it is told to.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::sync::watch;
use wolo_sandbox::emulator::{Emulator, Provider};

use crate::facts::SOON;

#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Letter {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn signature(&self) -> &str {
        self.headers["wave-signature"].to_str().unwrap()
    }

    /// The time it was signed at, in Unix seconds.
    pub(crate) fn signed_at(&self) -> i64 {
        let rest = self.signature().strip_prefix("t=").unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    }
}

struct Inbox {
    letters: watch::Sender<Vec<Letter>>,
    /// Answers still to give; 200 once used up.
    answers: Mutex<Vec<u16>>,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Inbox>,
}

impl Receiver {
    /// Answers these statuses first, then 200.
    pub(crate) async fn answering(answers: &[u16]) -> Self {
        let answers = Mutex::new(answers.iter().rev().copied().collect());
        let inbox = Arc::new(Inbox { letters: watch::Sender::default(), answers });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let app = Router::new().route("/hooks", post(receive)).with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, inbox }
    }

    pub(crate) async fn open() -> Self {
        Self::answering(&[]).await
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.inbox.letters.borrow().clone()
    }

    /// Waits for that many letters in all.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Letter> {
        let mut letters = self.inbox.letters.subscribe();
        let enough = letters.wait_for(|letters| letters.len() >= count);
        tokio::time::timeout(SOON, enough).await.expect("the letters come").unwrap().clone()
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = inbox.answers.lock().unwrap().pop().unwrap_or(200);
    inbox.letters.send_modify(|letters| letters.push(Letter { headers, body }));
    StatusCode::from_u16(answer).unwrap()
}

/// An emulator, and somebody whom it tells.
pub(crate) struct Heard<P: Provider> {
    pub(crate) emulator: Emulator<P>,
    pub(crate) receiver: Receiver,
}

impl<P: Provider> Heard<P> {
    pub(crate) async fn telling(emulator: Emulator<P>) -> Self {
        let receiver = Receiver::open().await;
        emulator.register_webhook(&receiver.url);
        Self { emulator, receiver }
    }

    /// Waits until the letters tell that much.
    pub(crate) async fn told(&self, count: usize, what: impl Fn(&[Letter]) -> Vec<Value>) -> Vec<Value> {
        let mut known = 0;
        loop {
            let letters = self.receiver.wait(known).await;
            let told = what(&letters);
            if told.len() >= count {
                return told;
            }
            known = letters.len() + 1;
        }
    }
}
