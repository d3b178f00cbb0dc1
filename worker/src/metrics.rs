//! Metrics of this worker and about what waits, in Prometheus' text format, beside its health.
//!
//! Who asks here is whoever looks after the process: the address is not for people, and nothing on the page is about one. What
//! waits is the same on every worker's page, because all of them read it from one database: who adds up takes the largest.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{TimeDelta, Utc};
use prometheus::{GaugeVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use wolo_bootstrap::temporal;
use wolo_database::{Pool, backlog, histories, punctuality};
use wolo_domain::punctuality::Punctuality;

/// For each question to the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where Linux says how much memory a process has.
const STATUS: &str = "/proc/self/status";

pub(crate) struct Metrics {
    registry: Registry,
    waiting: IntGaugeVec,
    oldest: GaugeVec,
    late: IntGaugeVec,
    archived: IntGaugeVec,
    messages: IntGaugeVec,
    connections: IntGaugeVec,
    running: IntGaugeVec,
    memory: IntGaugeVec,
    engine: temporal::Metrics,
    rules: Punctuality,
}

impl Metrics {
    pub(crate) fn new(engine: temporal::Metrics, rules: Punctuality) -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let gauges = |name: &str, words: &str, labels: &[&str]| {
            let gauges = IntGaugeVec::new(Opts::new(name, words), labels)?;
            registry.register(Box::new(gauges.clone()))?;
            Ok::<_, prometheus::Error>(gauges)
        };
        let oldest = GaugeVec::new(
            Opts::new("wolo_waiting_oldest_seconds", "For how long the oldest of what waits has done so."),
            &["what"],
        )?;
        registry.register(Box::new(oldest.clone()))?;
        let started =
            IntGauge::new("process_start_time_seconds", "When this process started, in Unix time.")?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        started.set(i64::try_from(now).unwrap_or(i64::MAX));
        registry.register(Box::new(started))?;
        Ok(Self {
            waiting: gauges("wolo_waiting", "What waits for somebody or something, by kind.", &["what"])?,
            // What nobody knows is not told at all, so these are one of none or one.
            late: gauges("wolo_steps_late", "Steps that should have been done by now.", &[])?,
            archived: gauges(
                "wolo_histories_archived_seconds",
                "Up to when everything that has ended is archived, in Unix time.",
                &[],
            )?,
            memory: gauges("process_resident_memory_bytes", "Memory of this process.", &[])?,
            messages: gauges(
                "wolo_messages_last_hour",
                "Tries to hand messages over within the last hour, by how the provider took them.",
                &["channel", "state"],
            )?,
            connections: gauges(
                "wolo_pool_connections",
                "Connections to Postgres, by whether they are in use.",
                &["state"],
            )?,
            running: gauges("wolo_worker_queue_running", "Whether the queue is served (1).", &["queue"])?,
            oldest,
            registry,
            engine,
            rules,
        })
    }

    /// The metrics of now; without the database those that it would have told are missing.
    pub(crate) async fn page(
        &self,
        pool: &Pool,
        queues: &BTreeMap<String, bool>,
    ) -> Result<String, prometheus::Error> {
        let (waiting, tries, late, archived) = tokio::join!(
            tokio::time::timeout(PATIENCE, backlog::waiting(pool)),
            tokio::time::timeout(PATIENCE, backlog::tries(pool)),
            tokio::time::timeout(PATIENCE, punctuality::late(pool, Utc::now(), self.rules, 1)),
            tokio::time::timeout(PATIENCE, histories::mark(pool)),
        );
        self.wait(waiting.ok().and_then(Result::ok).as_deref());
        self.messages.reset();
        for tries in tries.ok().and_then(Result::ok).unwrap_or_default() {
            self.messages.with_label_values(&[&tries.channel, &tries.state]).set(tries.count);
        }
        self.late.reset();
        if let Ok(Ok(late)) = late {
            self.late.with_label_values::<&str>(&[]).set(i64::try_from(late.total).unwrap_or(i64::MAX));
        }
        self.archived.reset();
        if let Ok(Ok(Some(mark))) = archived {
            self.archived.with_label_values::<&str>(&[]).set(mark.timestamp());
        }
        for (queue, running) in queues {
            self.running.with_label_values(&[queue]).set((*running).into());
        }
        self.process(pool);
        let mut page = TextEncoder::new().encode_to_string(&self.registry.gather())?;
        if let Some(engine) = self.engine.page().await {
            page.push_str(&engine);
        } else {
            tracing::warn!("the metrics of the engine's worker could not be read");
        }
        Ok(page)
    }

    /// Nothing where nobody knows what waits; zero for what does not.
    fn wait(&self, waiting: Option<&[backlog::Waiting]>) {
        self.waiting.reset();
        self.oldest.reset();
        let Some(waiting) = waiting else { return };
        for what in backlog::KINDS {
            let found = waiting.iter().find(|waiting| waiting.what == what);
            self.waiting.with_label_values(&[what]).set(found.map_or(0, |found| found.count));
            let age: TimeDelta = found.map(|found| Utc::now() - found.since).unwrap_or_default();
            self.oldest.with_label_values(&[what]).set(age.to_std().unwrap_or_default().as_secs_f64());
        }
    }

    fn process(&self, pool: &Pool) {
        let all = i64::from(pool.size());
        let idle = i64::try_from(pool.num_idle()).unwrap_or(i64::MAX);
        self.connections.with_label_values(&["idle"]).set(idle);
        self.connections.with_label_values(&["in_use"]).set(all.saturating_sub(idle).max(0));
        if let Some(bytes) = std::fs::read_to_string(STATUS).ok().as_deref().and_then(resident) {
            self.memory.with_label_values::<&str>(&[]).set(bytes);
        }
    }
}

/// From a line like `VmRSS:      5432 kB`.
fn resident(status: &str) -> Option<i64> {
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kilobytes.trim().strip_suffix("kB")?.trim().parse::<i64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_system_writes_it() {
        assert_eq!(resident("Name:\twolo\nVmRSS:\t   5432 kB\nThreads:\t3\n"), Some(5_562_368));
        assert_eq!(resident("VmRSS: many\n"), None);
        assert_eq!(resident(""), None);
    }
}
