//! Traces: what one request has caused, across the API, processes, steps and calls to providers. Off unless a collector is set.
//!
//! A span says what was done, about which of our opaque ids, and how it ended. It never holds an address that was asked for, a
//! body, or anything of a person. Where nothing is set, no span is made and nothing is carried along.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracerProvider};
use temporalio_sdk::SimplePlugin;
use temporalio_sdk::opentelemetry::{OpenTelemetryPlugin, WorkflowIdGenerator, WorkflowSpanProcessor};

use crate::settings;

/// Of the protocol, behind the collector's address.
const PATH: &str = "/v1/traces";
/// For one delivery of spans to the collector.
const DELIVERY: Duration = Duration::from_secs(5);
/// For the last spans at the end: less than a process has to end.
const LAST: Duration = Duration::from_secs(2);

static STARTED: OnceLock<()> = OnceLock::new();

/// Why nothing is traced.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("what sends traces cannot be set up")]
    Exporter(#[source] ExporterBuildError),
    #[error("traces have already been started in this process")]
    Started,
}

/// Traces that are being made. Dropping it sends the last of them.
pub struct Traces {
    provider: SdkTracerProvider,
}

/// Starts the traces of this process, once, where the settings name a collector. Before any connection to the engine is made, and
/// outside of any runtime: who sends them waits on a thread of its own.
pub fn start(settings: &settings::Telemetry, program: &'static str) -> Result<Option<Traces>, TracesError> {
    let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}{PATH}", endpoint.as_str().trim_end_matches('/')))
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(DELIVERY)
        .build()
        .map_err(TracesError::Exporter)?;
    STARTED.set(()).map_err(|()| TracesError::Started)?;
    // What a process does when it is replayed was told of when it was done.
    let processor = WorkflowSpanProcessor::new(BatchSpanProcessor::builder(exporter).build());
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_id_generator(WorkflowIdGenerator::default())
        .with_resource(Resource::builder().with_service_name(program).with_attribute(version).build())
        .build();
    global::set_tracer_provider(provider.clone());
    global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(Some(Traces { provider }))
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last traces may not have been sent");
        }
    }
}

/// What carries a trace through the engine, in this process.
pub(crate) fn plugin() -> Option<SimplePlugin> {
    STARTED.get().map(|()| {
        // Only what says which trace it is. Baggage would let a caller write into the headers of our processes.
        OpenTelemetryPlugin::builder().propagator(TraceContextPropagator::new()).build()
    })
}
