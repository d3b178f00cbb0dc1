//! Metrics of this process, in Prometheus' text format.
//!
//! Labels are templates, classes and codes of ours, never anything that a caller wrote: their number is bounded, and
//! nobody is recognised by them. The page is for scrapers that come by themselves; what a proxy passed on is a visitor.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use futures::future::join_all;
use prometheus::{
    GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use wolo_bootstrap::temporal;
use wolo_control::Control;
use wolo_control::queues::{self, Load, Work};
use wolo_database::{Pool, birthdays, processes};
use wolo_domain::dakar;

use crate::admin::{severity, worst_states};
use crate::contract::refusals;
use crate::limits::Class;
use crate::problem::{Code, Problem};
use crate::state::App;

/// For the board of processes, for the last day that was swept, and for what waits on the queues.
const PATIENCE: Duration = Duration::from_secs(1);

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];

/// The queue, and whether processes wait on it or steps.
const QUEUE: [&str; 2] = ["queue", "work"];

/// The lanes of the edge, where limits are counted, and what is kept in memory.
const LANES: [&str; 3] = ["visitors", "webhooks", "receipts"];
const STORES: [&str; 2] = ["shared", "local"];
const CACHES: [&str; 2] = ["public_lists", "leaders"];

/// A caller may invent methods, but not metrics of ours.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    collectors: Arc<Collectors>,
}

struct Collectors {
    registry: Registry,
    requests: HistogramVec,
    in_flight: IntGaugeVec,
    shed: IntCounterVec,
    limited: IntCounterVec,
    limits_shared: IntGaugeVec,
    lookups: IntCounterVec,
    connections: IntGaugeVec,
    breakers: IntGaugeVec,
    swept: IntGaugeVec,
    pollers: IntGaugeVec,
    backlog: IntGaugeVec,
    oldest: GaugeVec,
    temporal: temporal::Metrics,
}

impl Metrics {
    pub(crate) fn new(temporal: temporal::Metrics) -> Result<Self, prometheus::Error> {
        let collectors = Collectors {
            registry: Registry::new(),
            requests: HistogramVec::new(
                HistogramOpts::new("wolo_http_request_seconds", "Requests answered, by how long that took.")
                    .buckets(SECONDS.to_vec()),
                &["route", "method", "status"],
            )?,
            in_flight: IntGaugeVec::new(
                Opts::new("wolo_http_in_flight", "Requests that are under way, by lane."),
                &["lane"],
            )?,
            shed: IntCounterVec::new(
                Opts::new("wolo_http_shed_total", "Requests turned away because too many were under way."),
                &["lane"],
            )?,
            limited: IntCounterVec::new(
                Opts::new("wolo_limited_total", "Requests refused because one caller asked too often."),
                &["class", "store"],
            )?,
            // Before anything was counted nobody knows, so it is one of none or one.
            limits_shared: IntGaugeVec::new(
                Opts::new("wolo_limits_shared", "Whether limits were last counted in Redis (1) or here (0)."),
                &[],
            )?,
            lookups: IntCounterVec::new(
                Opts::new("wolo_cache_lookups_total", "Answers looked for in memory, and whether found."),
                &["cache", "found"],
            )?,
            connections: IntGaugeVec::new(
                Opts::new("wolo_pool_connections", "Connections to Postgres, by whether they are in use."),
                &["state"],
            )?,
            breakers: IntGaugeVec::new(
                Opts::new(
                    "wolo_provider_breaker",
                    "The worst breaker of any process: all calls go through (0), one to try (1), none (2).",
                ),
                &["provider"],
            )?,
            // A day that nobody knows is not told at all, so it is one of none or one.
            swept: IntGaugeVec::new(
                Opts::new(
                    "wolo_sweep_last_day_seconds",
                    "The beginning of the last day whose birthday pots were made, in Unix time.",
                ),
                &[],
            )?,
            pollers: IntGaugeVec::new(
                Opts::new("wolo_queue_pollers", "Workers that asked for this work within the last minutes."),
                &QUEUE,
            )?,
            backlog: IntGaugeVec::new(
                Opts::new("wolo_queue_backlog", "Work that nobody has taken yet, about."),
                &QUEUE,
            )?,
            oldest: GaugeVec::new(
                Opts::new("wolo_queue_oldest_seconds", "For how long the oldest of that has waited, about."),
                &QUEUE,
            )?,
            temporal,
        };
        let started =
            IntGauge::new("process_start_time_seconds", "When this process started, in Unix time.")?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        started.set(i64::try_from(now).unwrap_or(i64::MAX));
        collectors.registry.register(Box::new(started))?;
        collectors.register()?;
        collectors.begin();
        Ok(Self { collectors: Arc::new(collectors) })
    }

    pub(crate) fn answered(&self, route: &str, method: &str, status: StatusCode, took: Duration) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let class = match status.as_u16() {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.collectors.requests.with_label_values(&[route, method, class]).observe(took.as_secs_f64());
    }

    /// Counts one more on this lane until the guard is dropped.
    pub(crate) fn under_way(&self, lane: &str) -> UnderWay {
        let gauge = self.collectors.in_flight.with_label_values(&[lane]);
        gauge.inc();
        UnderWay { gauge }
    }

    pub(crate) fn shed(&self, lane: &str) {
        self.collectors.shed.with_label_values(&[lane]).inc();
    }

    pub(crate) fn limited(&self, class: &str, store: &str) {
        self.collectors.limited.with_label_values(&[class, store]).inc();
    }

    pub(crate) fn limits_are_shared(&self, shared: bool) {
        self.collectors.limits_shared.with_label_values::<&str>(&[]).set(shared.into());
    }

    pub(crate) fn looked_up(&self, cache: &str, found: bool) {
        self.collectors.lookups.with_label_values(&[cache, if found { "hit" } else { "miss" }]).inc();
    }

    fn breakers(&self, board: &[processes::Process]) {
        let breakers = &self.collectors.breakers;
        breakers.reset();
        for (provider, state) in worst_states(board) {
            breakers.with_label_values(&[&provider]).set(severity(&state).into());
        }
    }

    fn swept(&self, last: Option<NaiveDate>) {
        let swept = &self.collectors.swept;
        swept.reset();
        if let Some(day) = last {
            swept.with_label_values::<&str>(&[]).set(dakar::start_of(day).timestamp());
        }
    }

    fn queues(&self, loads: &[(&str, Work, Load)]) {
        let collectors = &self.collectors;
        collectors.pollers.reset();
        collectors.backlog.reset();
        collectors.oldest.reset();
        for (queue, work, load) in loads {
            let labels = [*queue, work.as_str()];
            collectors
                .pollers
                .with_label_values(&labels)
                .set(i64::try_from(load.pollers).unwrap_or(i64::MAX));
            collectors.backlog.with_label_values(&labels).set(load.backlog);
            collectors.oldest.with_label_values(&labels).set(load.oldest.as_secs_f64());
        }
    }

    fn page(&self, pool: &Pool) -> Result<String, prometheus::Error> {
        let all = i64::from(pool.size());
        let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
        let connections = &self.collectors.connections;
        connections.with_label_values(&["idle"]).set(idle);
        connections.with_label_values(&["in_use"]).set(all.saturating_sub(idle).max(0));
        TextEncoder::new().encode_to_string(&self.collectors.registry.gather())
    }
}

impl Collectors {
    /// Counts that are told from the beginning: otherwise the first of a kind would be no rise to whoever watches for one.
    fn begin(&self) {
        for lane in LANES {
            self.shed.with_label_values(&[lane]);
        }
        for class in Class::ALL {
            for store in STORES {
                self.limited.with_label_values(&[class.name(), store]);
            }
        }
        for cache in CACHES {
            for found in ["hit", "miss"] {
                self.lookups.with_label_values(&[cache, found]);
            }
        }
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(self.requests.clone()))?;
        self.registry.register(Box::new(self.in_flight.clone()))?;
        self.registry.register(Box::new(self.shed.clone()))?;
        self.registry.register(Box::new(self.limited.clone()))?;
        self.registry.register(Box::new(self.limits_shared.clone()))?;
        self.registry.register(Box::new(self.lookups.clone()))?;
        self.registry.register(Box::new(self.connections.clone()))?;
        self.registry.register(Box::new(self.breakers.clone()))?;
        self.registry.register(Box::new(self.swept.clone()))?;
        self.registry.register(Box::new(self.pollers.clone()))?;
        self.registry.register(Box::new(self.backlog.clone()))?;
        self.registry.register(Box::new(self.oldest.clone()))
    }
}

/// A request that is counted as under way.
pub(crate) struct UnderWay {
    gauge: IntGauge,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

refusals!(NotShown: &[Code::RouteUnknown]);

/// Metrics of this process, for the scrapers of the settings. To everybody else they do not exist.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "operation",
    responses(
        (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
        NotShown,
    ))]
pub(crate) async fn metrics(
    State(app): State<App>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let passed_on = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    let from = from.ip().to_canonical();
    if passed_on || !app.settings.api.metrics_from.iter().any(|network| network.contains(&from)) {
        return Err(Problem::new(Code::RouteUnknown));
    }
    // Without the database the other metrics are told all the same, and nothing of breakers and sweeps, which nobody knows then.
    let (board, swept, loads) = tokio::join!(
        tokio::time::timeout(PATIENCE, processes::all(&app.pool)),
        tokio::time::timeout(PATIENCE, birthdays::last_day(&app.pool)),
        loads(&app.control),
    );
    app.metrics.queues(&loads);
    app.metrics.breakers(&board.ok().and_then(Result::ok).unwrap_or_default());
    app.metrics.swept(swept.ok().and_then(Result::ok).flatten());
    let mut page = app.metrics.page(&app.pool).map_err(|error| {
        tracing::error!(cause = crate::problem::chain(&error), "the metrics could not be written");
        Problem::new(Code::Internal)
    })?;
    if let Some(calls) = app.metrics.collectors.temporal.page().await {
        page.push_str(&calls);
    } else {
        tracing::warn!("the metrics of the engine's client could not be read");
    }
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], page).into_response())
}

/// What waits on each queue. The engine tells it also when no worker lives, who could tell it otherwise; what it does not tell in
/// time is left out.
async fn loads(control: &Control) -> Vec<(&'static str, Work, Load)> {
    let asked = queues::ALL.into_iter().flat_map(|queue| Work::ALL.map(|work| (queue, work)));
    let loads = asked.map(async |(queue, work)| {
        let load = tokio::time::timeout(PATIENCE, control.load(queue, work)).await.ok()?.ok()?;
        Some((queue, work, load))
    });
    join_all(loads).await.into_iter().flatten().collect()
}
