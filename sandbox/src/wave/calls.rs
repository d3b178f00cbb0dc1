//! The way every API call takes: count it, bend it if a fault says so, check who asks, do the work, bend the reply.
//!
//! The work itself is a plain function from the world and the call to a reply; it never waits. What waits, drops or
//! lies stands here, so that no endpoint knows about it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{RawPathParams, Request},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    response::Response,
};
use serde_json::Value;

use super::{
    access,
    errors::Refusal,
    faults::Endpoint,
    world::{Release, World},
};
use crate::faults::{Fault, RetryAfter};
use crate::line::Line;

/// The longest request body that is read.
const LONGEST_BODY: usize = 2 * 1024 * 1024;

/// One API call, read in full.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) endpoint: Endpoint,
    /// The `{id}` of the path.
    pub(super) id: String,
    pub(super) query: HashMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    faults: Vec<Fault>,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Whether this fault strikes the call; only for the few that change what the work does.
    pub(super) fn suffers(&self, fault: &Fault) -> bool {
        self.faults.contains(fault)
    }
}

/// What goes back: a status and JSON, or nothing at all.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(value: &Value) -> Self {
        Self { status: StatusCode::OK, body: value.to_string().into_bytes() }
    }

    pub(super) fn empty() -> Self {
        Self { status: StatusCode::OK, body: Vec::new() }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.status(), body: refusal.body() }
    }
}

/// The work of one endpoint.
pub(super) type Work = fn(&Arc<World>, &Call) -> Result<Reply, Refusal>;

pub(super) async fn perform(
    world: Arc<World>,
    endpoint: Endpoint,
    work: Work,
    line: Line,
    path: RawPathParams,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return respond(
            Refusal::new(StatusCode::BAD_REQUEST, "request-parsing-error", "Body too large.").into(),
        );
    };
    let faults = world.faults().strike(endpoint, |text| {
        parts.uri.path_and_query().is_some_and(|asked| asked.as_str().contains(text))
            || String::from_utf8_lossy(&body).contains(text)
    });
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let call = Call {
        endpoint,
        id: path.iter().next().map(|(_, id)| id.to_owned()).unwrap_or_default(),
        query: query.into_owned().collect(),
        headers: parts.headers,
        body,
        faults,
    };
    if let Some(response) = before(&world, &line, &call).await {
        return response;
    }
    let reply = access::check(&world, &call, line.peer().ip()).and_then(|()| work(&world, &call));
    let reply = reply.unwrap_or_else(Reply::from);
    // Told once the work is done, so that whoever waits for the count also sees what the call did.
    world.change(|book| book.count_call(endpoint.name()));
    after(&world, &line, &call, reply).await
}

/// Faults that strike before the work. An answer means the work is not done.
async fn before(world: &Arc<World>, line: &Line, call: &Call) -> Option<Response> {
    let mut answer = None;
    for fault in &call.faults {
        match fault {
            Fault::Delay { millis } => tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(*millis)) => {}
                () = world.stop.cancelled() => {}
            },
            Fault::TooManyRequests { retry_after } => answer = Some(too_many_requests(*retry_after)),
            Fault::ErrorBefore { status } => answer = Some(server_error(*status)),
            Fault::Refused { status, code } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
                answer = Some(respond(Refusal::new(status, code.clone(), "Refused.").into()));
            }
            Fault::LostRequest => {
                line.cut();
                answer = Some(Response::default());
            }
            _ => {}
        }
    }
    if answer.is_some() {
        world.change(|book| book.count_call(call.endpoint.name()));
    }
    answer
}

/// Faults that strike after the work.
async fn after(world: &Arc<World>, line: &Line, call: &Call, mut reply: Reply) -> Response {
    for fault in &call.faults {
        match fault {
            Fault::ErrorAfter { status } => return server_error(*status),
            Fault::LostReply => line.cut(),
            Fault::StalledReply => stall(world, line).await,
            Fault::MalformedReply => reply = malformed(&reply),
            Fault::OtherAmount { amount } => reply.body = with_amount(&reply.body, *amount),
            Fault::OtherReply { status, body, repeat, location } => {
                return other_reply(*status, body, *repeat, location.as_deref());
            }
            _ => {}
        }
    }
    respond(reply)
}

/// Holds the reply. If the caller hangs up meanwhile this future is dropped, and the guard still counts down.
async fn stall(world: &Arc<World>, line: &Line) {
    struct Held<'a>(&'a Arc<World>);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.change(|book| {
                let stalled = &mut book.traffic_mut().stalled;
                *stalled = stalled.saturating_sub(1);
            });
        }
    }
    let mut released = world.stalled.subscribe();
    world.change(|book| book.traffic_mut().stalled += 1);
    let _held = Held(world);
    let how = tokio::select! {
        changed = released.changed() => match changed {
            Ok(()) => released.borrow().1,
            Err(_) => Release::Drop,
        },
        () = world.stop.cancelled() => Release::Drop,
    };
    if how == Release::Drop {
        line.cut();
    }
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn too_many_requests(retry_after: Option<RetryAfter>) -> Response {
    let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests.");
    let mut response = respond(refusal.into());
    if let Some(value) = retry_after.and_then(|when| HeaderValue::from_str(&when.in_words()).ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

fn server_error(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status {
        StatusCode::SERVICE_UNAVAILABLE => "service-unavailable",
        _ => "internal-server-error",
    };
    respond(Refusal::new(status, code, "Something went wrong.").into())
}

fn malformed(reply: &Reply) -> Reply {
    // An empty body would be well-formed silence, so there is always half an object.
    let body = if reply.body.len() < 2 { b"{".to_vec() } else { reply.body[..reply.body.len() / 2].to_vec() };
    Reply { status: StatusCode::OK, body }
}

fn with_amount(body: &[u8], amount: i64) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    set_amount(&mut value, amount);
    value.to_string().into_bytes()
}

/// Writes another amount over those of an object, of the results of a search, and of the lines of a page.
pub(super) fn set_amount(value: &mut Value, amount: i64) {
    for name in ["amount", "receive_amount"] {
        if let Some(field) = value.get_mut(name) {
            *field = Value::from(amount.to_string());
        }
    }
    for name in ["result", "items", "payouts"] {
        if let Some(Value::Array(items)) = value.get_mut(name) {
            for item in items {
                set_amount(item, amount);
            }
        }
    }
}

fn other_reply(status: u16, body: &str, repeat: usize, location: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = respond(Reply { status, body: body.repeat(repeat).into_bytes() });
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
