//! A call to a provider as a span of the trace that caused it.
//!
//! The span names the provider's host and what became of the call. The path stays out: it may hold a reference of somebody's
//! payment, and query and body hold people. Providers are not told of our traces, which are none of theirs.

use opentelemetry::trace::{FutureExt as _, SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue, global};
use reqwest::{Error, RequestBuilder, Response};

const SCOPE: &str = "wolo-providers";

pub(super) async fn send(request: RequestBuilder) -> Result<Response, Error> {
    let (client, request) = request.build_split();
    let request = request?;
    let host = request.url().host_str().unwrap_or_default().to_owned();
    let tracer = global::tracer(SCOPE);
    let span = tracer
        .span_builder(format!("{} {host}", request.method()))
        .with_kind(SpanKind::Client)
        .with_attributes([
            KeyValue::new("http.request.method", request.method().to_string()),
            KeyValue::new("server.address", host),
        ])
        .start(&tracer);
    let trace = Context::current_with_span(span);
    let answered = client.execute(request).with_context(trace.clone()).await;
    let span = trace.span();
    match &answered {
        Ok(response) => {
            let status = response.status();
            span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
            if !status.is_success() {
                span.set_status(Status::error(""));
            }
        }
        Err(_) => span.set_status(Status::error("no answer")),
    }
    answered
}
