//! Bodies that no emulator of a sane server would send.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wolo_providers::wave::Wave;
use wolo_providers::{ProviderError, Sent};

use crate::setting::access;

/// Answers one connection with these bytes, then with `more` for as long as anyone reads.
async fn server(first: &'static [u8], more: Option<&'static [u8]>) -> Wave {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        let mut going = stream.write_all(first).await;
        while let (Ok(()), Some(more)) = (&going, more) {
            going = stream.write_all(more).await;
        }
    });
    Wave::new(access(&format!("http://{address}"), "key")).unwrap()
}

#[tokio::test]
async fn a_body_without_end_and_without_a_length_is_cut_off() {
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let wave = server(head, Some(b"10\r\n0123456789abcdef\r\n")).await;
    let error = wave.balance().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the provider's answer makes no sense: the body is larger than 1 MiB (HTTP 200)"
    );
}

#[tokio::test]
async fn a_body_that_ends_too_soon_is_open() {
    let wave = server(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"amount\":\"5\"", None).await;
    let error = wave.balance().await.unwrap_err();
    assert!(matches!(error, ProviderError::Unreachable { sent: Sent::Perhaps, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_not_http_is_open() {
    let wave = server(b"\x00\x01\x02 nonsense\r\n\r\n", None).await;
    assert!(wave.balance().await.unwrap_err().may_have_happened());
}

#[tokio::test]
async fn a_balance_in_another_currency_is_not_a_balance() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n{\"amount\":\"5\",\"currency\":\"EUR\"}  ";
    let error = server(reply, None).await.balance().await.unwrap_err();
    assert!(matches!(error, ProviderError::Unexpected { .. }), "{error:?}");
}
