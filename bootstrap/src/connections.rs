//! Connections: taking them, and letting go of those from which nothing comes.
//!
//! `axum::serve` waits for ever for a caller who has connected and does not say what they want, also when the process is to
//! end. Here each has a limit for the head of a request. Its body and the making of its answer are the router's to limit.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

/// How long a connection that brought no request may still stand when all requests are answered: one that was just taken may
/// be bringing its first.
const A_MOMENT: Duration = Duration::from_secs(1);

/// How long connections are given.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the whole head of a request, from the connection's beginning or its last answer on.
    pub head: Duration,
    /// For everything, from the end's beginning on: a slow phone may take as long to take its answer.
    pub end: Duration,
}

/// Serves until the end begins, and then until the requests under way are answered and their answers have left, or the time
/// for that is over.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    patience: Patience,
    end: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let (connections, requests) = (GracefulShutdown::new(), TaskTracker::new());
    let (cut_silent, cut) = (CancellationToken::new(), CancellationToken::new());
    // No connection outlives this function, however it ends.
    let _cut = (cut_silent.clone().drop_guard(), cut.clone().drop_guard());
    let mut end = pin!(end);
    loop {
        let (stream, caller) = tokio::select! {
            // The trait's own, which lives through what goes wrong in accepting.
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut end => break,
        };
        let (router, requests) = (router.clone(), requests.clone());
        let asked = Arc::new(AtomicBool::new(false));
        let has_asked = Arc::clone(&asked);
        let service = service_fn(move |mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(caller));
            requests.track_future(router.clone().call(request))
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        let (cut_silent, cut) = (cut_silent.clone(), cut.clone());
        let cut = async move {
            cut_silent.cancelled().await;
            if has_asked.load(Ordering::Relaxed) {
                cut.cancelled().await;
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                // A caller who goes away in the middle, or is too slow, is no fault of ours.
                _ = connection => {}
                () = cut => {}
            }
        });
    }
    drop(listener);
    requests.close();
    let leaving = async {
        requests.wait().await;
        tokio::time::sleep(A_MOMENT).await;
        tracing::info!("connections are cut from which no request came");
        cut_silent.cancel();
        // What is left has been answered, and takes its time to read it.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = connections.shutdown() => {}
        () = leaving => {}
        () = tokio::time::sleep(patience.end) => tracing::info!("answers are cut that nobody has taken in time"),
    }
}
