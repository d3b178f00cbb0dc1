//! One request, and everything that it has caused, in one trace: as a collector of traces is told of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message as _;
use tempfile::TempDir;

use crate::dev::Dev;
use crate::payout::{pot_with_a_gift, until};

#[derive(Clone, Debug)]
struct Span {
    /// Who made it.
    scope: String,
    name: String,
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    words: Vec<String>,
}

/// What listens where a collector would.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    /// Its address.
    fn start(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let collector = self.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let take = move |body: Bytes| async move { collector.take(&body) };
                axum::serve(listener, Router::new().route("/v1/traces", post(take))).await.unwrap();
            });
        });
        address
    }

    fn take(&self, body: &Bytes) {
        let told = ExportTraceServiceRequest::decode(body.clone()).unwrap();
        let scopes = told.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        let mut spans = self.spans.lock().unwrap();
        for scope in scopes {
            let name = scope.scope.map(|scope| scope.name).unwrap_or_default();
            spans.extend(scope.spans.into_iter().map(|span| {
                let words = span.attributes.iter().filter_map(|one| match &one.value.as_ref()?.value {
                    Some(Value::StringValue(word)) => Some(word.clone()),
                    _ => None,
                });
                Span {
                    words: words.collect(),
                    scope: name.clone(),
                    name: span.name,
                    trace: span.trace_id,
                    id: span.span_id,
                    parent: span.parent_span_id,
                }
            }));
        }
    }

    fn told(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

/// From a span up to the first one of all.
fn upwards(span: &Span, all: &BTreeMap<Vec<u8>, Span>) -> Option<Vec<Span>> {
    let mut way = vec![span.clone()];
    while let Some(last) = way.last().filter(|last| !last.parent.is_empty()) {
        way.push(all.get(&last.parent)?.clone());
    }
    Some(way)
}

#[test]
fn a_gift_is_one_trace_from_the_request_by_its_process_and_its_step_to_wave() {
    let collector = Collector::default();
    let home = TempDir::new().unwrap();
    let endpoint = collector.start();
    let dev = Dev::start_in(home.path(), &[], &[("WOLO__TELEMETRY__OTLP_ENDPOINT", &endpoint)]);
    let address = |part: &str| dev.addresses[part].as_str().unwrap().to_owned();
    pot_with_a_gift(home.path(), &address("api"), &address("wave"), "771234571");

    let way = until(|| {
        let all: BTreeMap<_, _> = collector.told().into_iter().map(|span| (span.id.clone(), span)).collect();
        let calls =
            all.values().filter(|span| span.scope == "wolo-providers" && span.name.starts_with("POST"));
        let mut ways = calls.filter_map(|call| upwards(call, &all));
        ways.find(|way| way.last().is_some_and(|first| first.name == "POST /api/payments/donate"))
    });
    let traces: BTreeSet<_> = way.iter().map(|span| span.trace.clone()).collect();
    assert_eq!(traces.len(), 1, "{way:#?}");
    let first = way.last().unwrap();
    assert_eq!((first.scope.as_str(), way[0].name.as_str()), ("wolo-api", "POST 127.0.0.1"));
    let between: Vec<_> = way[1..way.len() - 1].iter().map(|span| span.name.as_str()).collect();
    assert!(between.iter().any(|name| name.contains("donations.open_checkout")), "{between:?}");
    assert!(way[1..way.len() - 1].iter().all(|span| span.scope == "temporalio-sdk"), "{way:#?}");

    for span in collector.told() {
        let told = format!("{} {:?}", span.name, span.words);
        for secret in ["771234571", "+221", "Bearer", "?"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}
