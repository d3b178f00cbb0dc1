//! Serving on this machine: an emulator's own small server, from its port to its end.

use std::future::IntoFuture as _;
use std::io;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::line::{Line, Lines};

/// How long open connections may take to end at shutdown.
const PATIENCE: Duration = Duration::from_secs(5);

/// A port that is taken, with nobody there yet who answers.
pub(crate) struct Port {
    listener: TcpListener,
    url: String,
}

impl Port {
    /// Binds 127.0.0.1. Port 0 picks a free one.
    pub(crate) async fn take(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Serves on a task of the caller's runtime. `who` is named where it fails.
    pub(crate) fn serve(self, router: Router, who: &'static str) -> Serving {
        let stop = CancellationToken::new();
        let service = router.into_make_service_with_connect_info::<Line>();
        let stopping = stop.clone().cancelled_owned();
        let serving = axum::serve(Lines(self.listener), service).with_graceful_shutdown(stopping);
        let server = tokio::spawn(async move {
            if let Err(error) = serving.into_future().await {
                tracing::error!(%error, who, "a part of the sandbox stopped serving");
            }
        });
        Serving { url: self.url, server, stop: stop.drop_guard() }
    }
}

/// A running server. Dropping it stops it, without waiting.
#[derive(Debug)]
pub(crate) struct Serving {
    url: String,
    server: JoinHandle<()>,
    stop: DropGuard,
}

impl Serving {
    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops listening and lets open connections end.
    pub(crate) async fn shutdown(self) {
        let Self { mut server, stop, .. } = self;
        drop(stop);
        if tokio::time::timeout(PATIENCE, &mut server).await.is_err() {
            server.abort();
        }
    }
}
