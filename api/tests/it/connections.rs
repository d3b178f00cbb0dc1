//! Callers who connect and say nothing, or say it slowly; and what becomes of them at the end.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::app::{SOON, TestApp};

const HALF_A_HEAD: &[u8] = b"GET /health HTTP/1.1\r\nhost: x\r\n";

async fn connected(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap()
}

/// Everything that comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    // A connection may be closed or torn; either way nothing more comes.
    let _ = timeout(SOON, stream.read_to_end(&mut rest)).await.expect("the connection is closed");
    String::from_utf8(rest).unwrap()
}

#[tokio::test]
async fn a_connection_that_brings_no_whole_head_is_closed() {
    let app = TestApp::start().await.with(|layers| layers.set("api.head_timeout_seconds", "1")).await;
    let silent = async {
        rest(&mut connected(&app).await).await;
    };
    let halting = async {
        let mut stream = connected(&app).await;
        stream.write_all(HALF_A_HEAD).await.unwrap();
        rest(&mut stream).await;
    };
    let trickling = async {
        let mut stream = connected(&app).await;
        stream.write_all(HALF_A_HEAD).await.unwrap();
        let began = Instant::now();
        // Each byte is a sign of life, and none of them buys time.
        while stream.write_all(b"x").await.is_ok() {
            assert!(began.elapsed() < SOON, "it goes on for ever");
            let _ = timeout(Duration::from_millis(50), stream.readable()).await;
        }
    };
    tokio::join!(silent, halting, trickling);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request_and_not_for_ever() {
    let app = TestApp::start().await.with(|layers| layers.set("api.head_timeout_seconds", "1")).await;
    let mut stream = connected(&app).await;
    for _ in 0..2 {
        stream.write_all(HALF_A_HEAD).await.unwrap();
        stream.write_all(b"\r\n").await.unwrap();
        let mut answer = String::new();
        while !answer.ends_with("{\"status\":\"ok\"}") {
            let mut part = [0; 1024];
            let length = stream.read(&mut part).await.unwrap();
            assert_ne!(length, 0, "{answer}");
            answer.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
    }
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn an_end_waits_for_requests_under_way_and_not_for_those_who_say_nothing() {
    let app = TestApp::start().await;
    let (app, shutdown, serving) =
        app.with_an_end(|layers| layers.set("api.head_timeout_seconds", "300")).await;
    let mut silent = connected(&app).await;
    let mut halting = connected(&app).await;
    halting.write_all(HALF_A_HEAD).await.unwrap();
    let mut asking = connected(&app).await;
    let (head, body) = (
        "POST /api/users/auth/login HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n",
        b"{}",
    );
    asking.write_all(head.as_bytes()).await.unwrap();
    // It is asked for its body, so the request is under way.
    let mut asked = [0; 25];
    asking.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");

    let began = Instant::now();
    shutdown.begin();
    while TcpStream::connect(app.base.trim_start_matches("http://")).await.is_ok() {
        assert!(began.elapsed() < SOON, "newcomers are let in");
        tokio::task::yield_now().await;
    }
    assert!(!serving.is_finished());
    asking.write_all(body).await.unwrap();
    let answer = rest(&mut asking).await;
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
    timeout(SOON, serving).await.expect("it ends").unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((rest(&mut silent).await, rest(&mut halting).await), (String::new(), String::new()));
}
