//! What the engine's client counts about its calls: how many, how long they took, which failed.
//!
//! The SDK writes these metrics for Prometheus and serves the page by itself; there is no other way to read it. So it does
//! that on a free port of the loopback, and a program that has a page of metrics adds this one to it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use temporalio_common::telemetry::metrics::{CoreMeter, NewAttributes, TemporalMeter};
use temporalio_common::telemetry::{
    PrometheusExporterOptions, TaskQueueLabelStrategy, TelemetryOptions, start_prometheus_metric_exporter,
};
use tokio::task::AbortHandle;

/// For a page from this machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// As dashboards for Temporal know its metrics. The SDK puts it there only in a worker's runtime, and there too it is left to this
/// page, on which both stand.
const PREFIX: &str = "temporal_";

/// The metrics cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("the engine's client cannot count its calls")]
pub struct MetricsError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// The metrics of one client. Dropping it ends the page, and nothing else.
pub struct Metrics {
    meter: Arc<dyn CoreMeter>,
    http: reqwest::Client,
    page: String,
    serving: AbortHandle,
}

impl Metrics {
    /// Needs a runtime around it.
    pub fn start() -> Result<Self, MetricsError> {
        let options = PrometheusExporterOptions::builder()
            .socket_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .counters_total_suffix(true)
            .unit_suffix(true)
            .use_seconds_for_durations(true)
            .build();
        let exporter =
            start_prometheus_metric_exporter(options).map_err(|error| MetricsError(error.into()))?;
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        Ok(Self {
            meter: exporter.meter,
            http: http.map_err(|error| MetricsError(error.into()))?,
            page: format!("http://{}/metrics", exporter.bound_addr),
            serving: exporter.abort_handle,
        })
    }

    /// The metrics as they are now, in Prometheus' text format; nothing where they cannot be read.
    pub async fn page(&self) -> Option<String> {
        let answer = self.http.get(&self.page).send().await.ok()?;
        let text = answer.error_for_status().ok()?.text().await.ok()?;
        Some(text.lines().map(named).collect())
    }

    /// For the runtime of a worker, whose metrics then stand on the page too.
    pub fn of_worker(&self) -> TelemetryOptions {
        TelemetryOptions::builder()
            .metrics(Arc::clone(&self.meter))
            .metric_prefix(String::new())
            .attach_service_name(false)
            .build()
    }

    pub(crate) fn meter(&self) -> TemporalMeter {
        let attributes = NewAttributes::new(Vec::new());
        TemporalMeter::new(Arc::clone(&self.meter), attributes, TaskQueueLabelStrategy::UseNormal)
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A line under the name that it is known by.
fn named(line: &str) -> String {
    for comment in ["# HELP ", "# TYPE "] {
        if let Some(rest) = line.strip_prefix(comment) {
            return format!("{comment}{PREFIX}{rest}\n");
        }
    }
    format!("{PREFIX}{line}\n")
}
