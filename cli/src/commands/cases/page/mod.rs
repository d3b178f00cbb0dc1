//! A page on this machine that shows documents once.
//!
//! It listens on 127.0.0.1 alone, at a port and a path that nobody can guess, and gives each of its pieces, the page and every picture,
//! out a single time. What is held here of a picture is wiped when it has left. The reviewer's browser keeps nothing of it either: it may
//! not store, embed or pass on what it gets, and leaves the page when its time is over.
//!
//! It refuses to serve a caller that calls it by another name (a page of the world outside that resolves to this machine), anything
//! but the reading of one piece, and a second look.

mod html;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use secrecy::zeroize::Zeroizing;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, Notify};
use wolo_bootstrap::connections::{self, Patience};
use wolo_domain::identities::{Document, Media};
use wolo_domain::ids::CaseId;

/// For a browser on the same machine.
const PATIENCE: Patience = Patience { head: Duration::from_secs(10), end: Duration::from_secs(10) };

/// A document as it is shown. Wiped when it is dropped.
pub(super) struct Picture {
    pub(super) document: Document,
    pub(super) content: Zeroizing<Vec<u8>>,
}

/// What somebody says of themselves, and what it is.
pub(super) type Claims = Vec<(&'static str, String)>;

/// How showing ended.
pub(super) enum End {
    Seen,
    /// By whoever sits here.
    Ended,
    TooLate,
}

pub(super) struct Page {
    listener: TcpListener,
    address: String,
    left: Arc<Left>,
    /// Ctrl-C, listened for before anybody knows the address.
    interrupt: Signal,
}

/// What has not been given out yet.
struct Left {
    host: String,
    pieces: Mutex<HashMap<String, Piece>>,
    policy: String,
    /// In seconds, until the browser leaves.
    window: u64,
    all_given: Notify,
}

struct Piece {
    media_type: &'static str,
    bytes: Bytes,
}

impl Page {
    /// With a line over every picture that says who looks at what.
    pub(super) async fn of(
        case: CaseId,
        mark: &str,
        claims: &Claims,
        pictures: Vec<Picture>,
        window: Duration,
    ) -> Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .context("there is no port for the page")?;
        let host = listener.local_addr().context("there is no port for the page")?.to_string();
        let (root, nonce) = (secret(), secret());
        let mut pieces = HashMap::new();
        let mut shown = Vec::new();
        for Picture { document, content } in pictures {
            let path = format!("/{}", secret());
            let media_type = match document.media {
                Media::Jpeg => "image/jpeg",
                Media::Png => "image/png",
            };
            pieces.insert(path.clone(), Piece { media_type, bytes: Bytes::from_owner(content) });
            shown.push((path, document));
        }
        let bytes = html::page(case, mark, claims, &shown, &nonce).into();
        pieces.insert(format!("/{root}"), Piece { media_type: "text/html; charset=utf-8", bytes });
        let address = format!("http://{host}/{root}");
        let left = Left {
            host,
            pieces: Mutex::new(pieces),
            policy: policy(&nonce),
            window: window.as_secs(),
            all_given: Notify::new(),
        };
        let interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
        Ok(Self { listener, address, left: Arc::new(left), interrupt })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Until all of it was seen, the time is over, or somebody presses Ctrl-C.
    pub(super) async fn show(mut self, window: Duration) -> End {
        let mut how = End::TooLate;
        let router = Router::new().fallback(give).with_state(Arc::clone(&self.left));
        let end = async {
            how = tokio::select! {
                () = self.left.all_given.notified() => End::Seen,
                () = tokio::time::sleep(window) => End::TooLate,
                _ = self.interrupt.recv() => End::Ended,
            };
        };
        connections::serve(self.listener, router, PATIENCE, end).await;
        how
    }
}

/// 256 bits that nobody can guess.
fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; img-src 'self'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}

async fn give(State(left): State<Arc<Left>>, request: Request) -> Response<Body> {
    let called =
        request.headers().get(header::HOST).is_some_and(|host| host.as_bytes() == left.host.as_bytes());
    if !called {
        return refusal(StatusCode::MISDIRECTED_REQUEST);
    }
    if request.method() != Method::GET {
        return refusal(StatusCode::METHOD_NOT_ALLOWED);
    }
    let mut pieces = left.pieces.lock().await;
    let Some(piece) = pieces.remove(request.uri().path()) else { return refusal(StatusCode::NOT_FOUND) };
    if pieces.is_empty() {
        left.all_given.notify_one();
    }
    let mut response = Response::new(Body::from(piece.bytes));
    let own = [
        (header::CONTENT_TYPE, piece.media_type.to_owned()),
        (header::CONTENT_SECURITY_POLICY, left.policy.clone()),
        // By then nobody answers there, and nothing of the page stays on the screen.
        (header::REFRESH, format!("{}; url=/over", left.window)),
    ];
    for (name, value) in own {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    guarded(response)
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    guarded(response)
}

fn guarded(mut response: Response<Body>) -> Response<Body> {
    let headers: [(HeaderName, &str); 6] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    async fn page(window: Duration) -> Page {
        Page::of(CaseId::from_uuid(Uuid::nil()), "usr_1 · now", &Vec::new(), Vec::new(), window)
            .await
            .expect("a page")
    }

    #[tokio::test]
    async fn a_page_that_nobody_opens_is_over_when_its_time_is_and_nobody_listens_any_more() {
        let window = Duration::from_millis(50);
        let page = page(window).await;
        let host = page.left.host.clone();
        let began = std::time::Instant::now();
        assert!(matches!(page.show(window).await, End::TooLate));
        assert!(began.elapsed() >= window);
        assert!(std::net::TcpStream::connect(host).is_err(), "nobody listens any more");
    }

    #[tokio::test]
    async fn the_browser_leaves_the_page_when_its_time_is_over() {
        let window = Duration::from_mins(5);
        let page = page(window).await;
        let request = Request::get(page.address())
            .header(header::HOST, page.left.host.clone())
            .body(Body::empty())
            .expect("a request");
        let shown = give(State(Arc::clone(&page.left)), request).await;
        assert_eq!(shown.headers()[header::REFRESH], "300; url=/over");
        assert!(matches!(page.show(window).await, End::Seen), "that was all of it");
    }
}
