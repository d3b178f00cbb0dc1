//! Connections: taking them, and letting go of those from which nothing comes.
//!
//! `axum::serve` waits for ever for a caller who has connected and does not say what they want, also when the process is to
//! end. Here each has a limit for the head of a request. Its body and its answer are the edge's to limit.

use std::net::SocketAddr;
use std::pin::pin;
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

/// How long an answer may take to leave that is there when the end has begun.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// Serves until the end begins, and then until the requests under way are answered. A connection that has not brought the
/// whole head of a request so long after it began, or after its last answer, is closed.
pub(crate) async fn serve(
    mut listener: TcpListener,
    router: Router,
    head_timeout: Duration,
    end: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head_timeout);
    let (connections, requests) = (GracefulShutdown::new(), TaskTracker::new());
    let cut = CancellationToken::new();
    // No connection outlives this function, however it ends.
    let _cut = cut.clone().drop_guard();
    let mut end = pin!(end);
    loop {
        let (stream, caller) = tokio::select! {
            // The trait's own, which lives through what goes wrong in accepting.
            accepted = Listener::accept(&mut listener) => accepted,
            () = &mut end => break,
        };
        let (router, requests) = (router.clone(), requests.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(caller));
            requests.track_future(router.clone().call(request))
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
        let cut = cut.clone();
        // A caller who goes away in the middle, or is too slow, is no fault of ours.
        tokio::spawn(async move { cut.run_until_cancelled(connection).await.map(drop) });
    }
    drop(listener);
    requests.close();
    let answered = async {
        requests.wait().await;
        tokio::time::sleep(LAST_BYTES).await;
    };
    tokio::select! {
        () = connections.shutdown() => {}
        () = answered => tracing::info!("connections are cut from which no request came"),
    }
}
