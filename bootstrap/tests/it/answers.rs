//! What becomes of an answer that is on its way when the end begins.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wolo_bootstrap::Shutdown;
use wolo_bootstrap::connections::{self, Patience};

const SOON: Duration = Duration::from_secs(30);

/// More than the kernel takes off a server's hands.
const LONG_ANSWER: usize = 16 << 20;

/// A server that is asked for a long answer by a phone that has room for little at a time, and has begun to take it.
async fn a_slow_phone(end: Duration) -> (TcpStream, Vec<u8>, Shutdown, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(async || vec![b'x'; LONG_ANSWER]));
    let shutdown = Shutdown::new();
    let patience = Patience { head: SOON, end };
    let serving = tokio::spawn(connections::serve(listener, router, patience, shutdown.begun()));

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(65_536).unwrap();
    let mut phone = socket.connect(address).await.unwrap();
    phone.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 1_024];
    phone.read_exact(&mut answer).await.unwrap();
    (phone, answer, shutdown, serving)
}

/// Takes a little at a time for so long. False when the other side lets go.
async fn take_slowly(phone: &mut TcpStream, answer: &mut Vec<u8>, length: Duration) -> bool {
    let (began, mut slowly) = (Instant::now(), tokio::time::interval(Duration::from_millis(20)));
    while began.elapsed() < length {
        slowly.tick().await;
        let mut part = [0; 1_024];
        match phone.read(&mut part).await {
            Ok(0) | Err(_) => return false,
            Ok(taken) => answer.extend(&part[..taken]),
        }
    }
    true
}

#[tokio::test]
async fn an_answer_that_a_slow_phone_is_taking_is_not_cut_by_the_end() {
    let (mut phone, mut answer, shutdown, serving) = a_slow_phone(SOON).await;
    shutdown.begin();
    // Longer than a connection may stand that has asked for nothing.
    assert!(take_slowly(&mut phone, &mut answer, Duration::from_secs(3)).await);
    assert!(!serving.is_finished());
    timeout(SOON, phone.read_to_end(&mut answer)).await.expect("all of it comes").unwrap();
    let head = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    assert_eq!(answer.len() - head - 4, LONG_ANSWER);
    timeout(SOON, serving).await.expect("it ends when the answer has left").unwrap();
}

#[tokio::test]
async fn an_answer_that_nobody_takes_does_not_keep_a_process_from_ending() {
    let (phone, _, shutdown, serving) = a_slow_phone(Duration::from_secs(2)).await;
    shutdown.begin();
    let began = Instant::now();
    timeout(SOON, serving).await.expect("it ends").unwrap();
    assert!((2..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    drop(phone);
}
