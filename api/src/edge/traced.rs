//! The beginning of a trace: one request, by its route. Whoever asks does not choose the trace that they are in, because with it
//! they would choose what is kept, and whose spans theirs stand among.

use axum::http::{Method, StatusCode};
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};

const SCOPE: &str = "wolo-api";

/// A span of its own trace; nothing at all where nothing is traced.
pub(super) fn begin(method: &Method, route: &str) -> Context {
    let tracer = global::tracer(SCOPE);
    let span = tracer
        .span_builder(format!("{method} {route}"))
        .with_kind(SpanKind::Server)
        .with_attributes([
            KeyValue::new("http.request.method", method.to_string()),
            KeyValue::new("http.route", route.to_owned()),
        ])
        .start_with_context(&tracer, &Context::new());
    Context::new().with_span(span)
}

/// For the log, so that one leads to the other.
pub(super) fn id(trace: &Context) -> Option<String> {
    let span = trace.span();
    let context = span.span_context();
    context.is_sampled().then(|| context.trace_id().to_string())
}

/// Within the request.
pub(super) fn answered(status: StatusCode) {
    let trace = Context::current();
    let span = trace.span();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}
