//! `wolo probe`, as whoever runs a container asks.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use tempfile::TempDir;

use crate::{said, wolo};

#[test]
fn ready_is_a_good_end_and_everything_else_a_bad_one() {
    let home = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ready", listener.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        for answer in ["200 OK", "503 Service Unavailable"] {
            let (mut asked, _) = listener.accept().unwrap();
            let _ = asked.read(&mut [0; 1024]).unwrap();
            write!(asked, "HTTP/1.1 {answer}\r\nContent-Length: 9\r\nConnection: close\r\n\r\nthe cause")
                .unwrap();
        }
    });
    assert_eq!(said(wolo(home.path()).args(["probe", &url])), (0, String::new(), String::new()));
    let (code, _, err) = said(wolo(home.path()).args(["probe", &url]));
    assert_eq!((code, err.as_str()), (1, "wolo: it is not ready: 503 the cause\n"));
    answers.join().unwrap();
    let (code, _, err) = said(wolo(home.path()).args(["probe", &url]));
    assert!(code == 1 && err.starts_with("wolo: nobody answers"), "{err}");
}
