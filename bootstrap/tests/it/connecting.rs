use std::net::TcpListener;

use wolo_bootstrap::settings::{self, Layers};
use wolo_bootstrap::temporal::{self, ConnectError};

fn settings_for(address: &str) -> settings::Temporal {
    Layers::new().set("temporal.address", address).read().unwrap().temporal
}

/// A port that nobody listens on: bound once, then let go.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_said_in_one_sentence() {
    let address = format!("http://127.0.0.1:{}", dead_port());
    let error = temporal::connect(&settings_for(&address)).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("Temporal cannot be reached at {address}/; is it running there?"));
}

#[tokio::test]
async fn something_else_that_answers_is_not_taken_for_temporal() {
    use tokio::io::AsyncWriteExt as _;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    assert!(temporal::connect(&settings_for(&address)).await.is_err());
}
