//! What holds of every client that hands over messages, and where their receipts come.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use url::Url;
use wolo_domain::people::Phone;
use wolo_providers::http::Timeouts;
use wolo_providers::messages::{Handed, HttpAccess};
use wolo_providers::{ProviderError, Sent};
use wolo_sandbox::emulator::{Emulator, Place, Provider};
use wolo_sandbox::faults::{Fault, FaultRule, RetryAfter};

/// Long enough for whatever must come.
const SOON: Duration = Duration::from_secs(30);

pub(crate) fn phone(text: &str) -> Phone {
    text.parse().unwrap()
}

pub(crate) fn http(base_url: &str) -> HttpAccess {
    HttpAccess {
        base_url: base_url.parse().unwrap(),
        timeouts: Timeouts::total(SOON),
        pause: Duration::from_secs(1),
    }
}

pub(crate) fn place() -> Place {
    Place::quick()
}

/// What came to our webhook.
pub(crate) struct Letter {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Our webhook, which takes everything.
pub(crate) struct Webhook {
    pub(crate) url: Url,
    letters: UnboundedReceiver<Letter>,
}

impl Webhook {
    pub(crate) async fn open() -> Self {
        let (sender, letters) = mpsc::unbounded_channel();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}/hooks", listener.local_addr().unwrap()).parse().unwrap();
        let router = Router::new().fallback(receive).with_state((url.clone(), sender));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, letters }
    }

    pub(crate) async fn next(&mut self) -> Letter {
        tokio::time::timeout(SOON, self.letters.recv()).await.expect("a letter comes").unwrap()
    }
}

async fn receive(
    State((url, letters)): State<(Url, UnboundedSender<Letter>)>,
    called: Uri,
    headers: HeaderMap,
    body: Bytes,
) {
    // Whoever waits for no more letters has closed the channel.
    let _ = letters.send(Letter { url: url.join(&called.to_string()).unwrap(), headers, body });
}

type Expected<'a> = Box<dyn Fn(&ProviderError) -> bool + 'a>;

/// Sends under each fault, by a client of which each knows of no trouble before, and looks what is said of it.
pub(crate) async fn tells_each_failure_apart<P: Provider>(
    emulator: &Emulator<P>,
    endpoint: P::Endpoint,
    send: impl AsyncFn() -> Result<Handed, ProviderError>,
) {
    let page = |status| Fault::OtherReply {
        status,
        body: "<html>not what you wanted</html>".to_owned(),
        repeat: 1,
        location: None,
    };
    let open = |error: &ProviderError, told: Option<u16>| matches!(error, ProviderError::Unreachable { sent: Sent::Perhaps, status, .. } if *status == told);
    let senseless = |error: &ProviderError, told: u16| matches!(error, ProviderError::Unexpected { status, .. } if *status == Some(told));
    let waits = |error: &ProviderError, seconds| {
        let expected = Duration::from_secs(seconds);
        matches!(error, ProviderError::Throttled { retry_after } if *retry_after == Some(expected))
    };
    let after = Some(RetryAfter::Seconds(7));
    let cases: Vec<(Fault, Expected<'_>)> = vec![
        (Fault::TooManyRequests { retry_after: after }, Box::new(move |error| waits(error, 7))),
        (Fault::ErrorBefore { status: 500 }, Box::new(move |error| open(error, Some(500)))),
        (Fault::ErrorBefore { status: 503 }, Box::new(move |error| open(error, Some(503)))),
        (Fault::ErrorAfter { status: 502 }, Box::new(move |error| open(error, Some(502)))),
        (Fault::LostRequest, Box::new(move |error| open(error, None))),
        (Fault::LostReply, Box::new(move |error| open(error, None))),
        (page(200), Box::new(move |error| senseless(error, 200))),
        (page(403), Box::new(move |error| senseless(error, 403))),
    ];
    for (fault, is_expected) in cases {
        let before = emulator.calls(endpoint);
        emulator.fault(FaultRule::once(endpoint, fault.clone()));
        let error = send().await.expect_err("a fault strikes");
        assert!(is_expected(&error), "{fault:?}: {error:?}");
        // One attempt, no more: whether to repeat is not this client's to decide.
        assert_eq!(emulator.calls(endpoint), before + 1, "{fault:?}");
    }
    send().await.expect("nothing is wrong any more");
}

/// Has a send refused with a code, and says what came of it.
pub(crate) async fn refused<P: Provider>(
    emulator: &Emulator<P>,
    endpoint: P::Endpoint,
    (status, code): (u16, &str),
    send: impl AsyncFn() -> Result<Handed, ProviderError>,
) -> ProviderError {
    emulator.fault(FaultRule::once(endpoint, Fault::Refused { status, code: code.to_owned() }));
    send().await.expect_err("it is refused")
}
