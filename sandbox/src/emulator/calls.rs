//! The way every call takes: bend it if a fault says so, let it be answered, count it, bend the reply.
//!
//! What waits, drops or lies stands here, so that no endpoint knows about it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;

use super::{Desk, Provider, Trouble};
use crate::faults::{Fault, RetryAfter};
use crate::line::Line;

/// The longest body that is read or answered: more than any provider takes.
const LONGEST: usize = 110 * 1024 * 1024;

/// A route whose calls are counted and bent.
pub(crate) fn bent<P: Provider>(
    desk: &Arc<Desk<P>>,
    endpoint: P::Endpoint,
    route: MethodRouter<Arc<Desk<P>>>,
) -> MethodRouter<Arc<Desk<P>>> {
    route.layer(from_fn_with_state((Arc::clone(desk), endpoint), perform::<P>))
}

async fn perform<P: Provider>(
    State((desk, endpoint)): State<(Arc<Desk<P>>, P::Endpoint)>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return P::answer(&Trouble::Refused(StatusCode::PAYLOAD_TOO_LARGE, "too large"));
    };
    let faults = desk.faults().strike(endpoint, |text| {
        parts.uri.path_and_query().is_some_and(|asked| asked.as_str().contains(text))
            || String::from_utf8_lossy(&body).contains(text)
    });
    let refused = before(&desk, &line, &faults).await;
    let undone = refused.is_some();
    let response = match refused {
        Some(response) => response,
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
    };
    // Told once the work is done, so that whoever waits for the count also sees what the call did.
    desk.counts.send_modify(|counts| *counts.entry(endpoint).or_default() += 1);
    if undone { response } else { after(&desk, &line, &faults, response).await }
}

/// Faults that strike before the work. An answer means the work is not done.
async fn before<P: Provider>(desk: &Desk<P>, line: &Line, faults: &[Fault]) -> Option<Response> {
    let mut answer = None;
    for fault in faults {
        match fault {
            Fault::Delay { millis } => tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(*millis)) => {}
                () = desk.stop.cancelled() => {}
            },
            Fault::TooManyRequests { retry_after } => answer = Some(too_many_requests::<P>(*retry_after)),
            Fault::ErrorBefore { status } => answer = Some(broken::<P>(*status)),
            Fault::Refused { status, code } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
                answer = Some(P::answer(&Trouble::Refused(status, code)));
            }
            Fault::LostRequest => {
                line.cut();
                answer = Some(Response::default());
            }
            _ => {}
        }
    }
    answer
}

/// Faults that strike after the work.
async fn after<P: Provider>(desk: &Desk<P>, line: &Line, faults: &[Fault], reply: Response) -> Response {
    let mut reply = reply;
    for fault in faults {
        match fault {
            Fault::ErrorAfter { status } => return broken::<P>(*status),
            Fault::LostReply => line.cut(),
            // If the caller hangs up meanwhile, this future is dropped.
            Fault::StalledReply => {
                desk.stalled().await;
                line.cut();
            }
            Fault::MalformedReply => reply = malformed(reply).await,
            Fault::OtherReply { status, body, repeat, location } => {
                reply = other_reply(*status, body, *repeat, location.as_deref());
            }
            _ => {}
        }
    }
    reply
}

impl<P: Provider> Desk<P> {
    /// Until held letters and replies are let go, or the emulator stops.
    async fn stalled(&self) {
        tokio::select! {
            () = self.gate.released() => {}
            () = self.stop.cancelled() => {}
        }
    }
}

fn too_many_requests<P: Provider>(retry_after: Option<RetryAfter>) -> Response {
    let seconds = retry_after.map(|(RetryAfter::Seconds(seconds) | RetryAfter::Date(seconds))| seconds);
    let mut response = P::answer(&Trouble::TooManyRequests { seconds });
    if let Some(value) = retry_after.and_then(|when| HeaderValue::from_str(&when.in_words()).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

fn broken<P: Provider>(status: u16) -> Response {
    P::answer(&Trouble::Broken(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)))
}

async fn malformed(reply: Response) -> Response {
    let (mut parts, body) = reply.into_parts();
    let body = to_bytes(body, LONGEST).await.unwrap_or_default();
    // An empty body would be well-formed silence, so there is always half an object.
    let half = if body.len() < 2 { Bytes::from_static(b"{") } else { body.slice(..body.len() / 2) };
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(half))
}

fn other_reply(status: u16, body: &str, repeat: usize, location: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, [(CONTENT_TYPE, "application/json")], body.repeat(repeat)).into_response();
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
