//! The figures of `wolo bench gifts`: medians over the rounds, and the goals beside them. Whole numbers all the way;
//! tenths are made at the end, for people.

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::gifts::Load;
use super::goals::{self, Goal};
use super::median;
use crate::output::{self, Format, Listing};

const RATIO_PERCENT_GOAL: u64 = 80;
const WORKER_CPU_MS_GOAL: u64 = 9_000;
const WORKER_PEAK_KIB_GOAL: u64 = 60 * 1024;

/// What one round measured.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Run {
    pub(super) gifts: u64,
    pub(super) took_ms: u64,
    pub(super) p50_ms: u64,
    pub(super) p99_ms: u64,
    pub(super) worker_cpu_ms: u64,
    pub(super) worker_peak_kib: u64,
    pub(super) server_cpu_ms: u64,
    /// Ours alone has an API before it.
    pub(super) api_cpu_ms: u64,
}

impl Run {
    /// Gifts in 1,000 seconds.
    fn rate_milli(&self) -> u64 {
        self.gifts * 1_000_000 / self.took_ms.max(1)
    }

    fn per_thousand(&self, cost_ms: u64) -> u64 {
        cost_ms * 1_000 / self.gifts.max(1)
    }
}

/// The medians of one kind.
#[derive(Debug, Clone, Copy, Serialize)]
struct Summary {
    gifts_per_1000_s: u64,
    p50_ms: u64,
    p99_ms: u64,
    worker_cpu_ms_per_1000: u64,
    /// In the first round, from the worker's start.
    worker_peak_kib: u64,
    /// After all rounds: what the same worker has come to.
    worker_peak_in_the_end_kib: u64,
    server_cpu_ms_per_1000: u64,
    api_cpu_ms_per_1000: u64,
}

impl Summary {
    fn of(runs: &[Run]) -> Self {
        let of = |figure: fn(&Run) -> u64| median(runs.iter().map(figure));
        Self {
            gifts_per_1000_s: of(Run::rate_milli),
            p50_ms: of(|run| run.p50_ms),
            p99_ms: of(|run| run.p99_ms),
            worker_cpu_ms_per_1000: of(|run| run.per_thousand(run.worker_cpu_ms)),
            // A peak never falls, so only the first is of one round alone.
            worker_peak_kib: runs.first().map_or(0, |run| run.worker_peak_kib),
            worker_peak_in_the_end_kib: runs.last().map_or(0, |run| run.worker_peak_kib),
            server_cpu_ms_per_1000: of(|run| run.per_thousand(run.server_cpu_ms)),
            api_cpu_ms_per_1000: of(|run| run.per_thousand(run.api_cpu_ms)),
        }
    }
}

#[derive(Debug)]
pub(super) struct Report {
    load: Load,
    pub(super) ours: Vec<Run>,
    pub(super) bare: Vec<Run>,
}

impl Report {
    pub(super) fn new(load: Load) -> Self {
        Self { load, ours: Vec::new(), bare: Vec::new() }
    }

    /// Shows the figures; an error where they miss a goal.
    pub(super) fn print(&self, format: Format) -> Result<()> {
        let (ours, bare) = (Summary::of(&self.ours), Summary::of(&self.bare));
        let ratio_percent = ours.gifts_per_1000_s * 100 / bare.gifts_per_1000_s.max(1);
        let goals = goals_of(&ours, ratio_percent);
        if format.json {
            output::json(&json!({
                "gifts": self.load.count, "concurrency": self.load.concurrency, "rounds": self.load.rounds,
                "ours": ours, "bare": bare, "ratio_percent": ratio_percent, "goals": goals,
                "rounds_ours": self.ours, "rounds_bare": self.bare, "debug_build": cfg!(debug_assertions),
            }))?;
            return goals::all_met(&goals);
        }
        output::say(&format!(
            "{} gifts, {} at once, medians of {} rounds\n\n{}\n",
            self.load.count,
            self.load.concurrency,
            self.load.rounds,
            table(&ours, &bare)
        ));
        goals::say(&goals);
        goals::all_met(&goals)
    }
}

fn goals_of(ours: &Summary, ratio_percent: u64) -> [Goal; 3] {
    let goal = |name: &str, found, wanted: &str, ok| Goal {
        name: name.to_owned(),
        found,
        wanted: wanted.to_owned(),
        ok,
    };
    [
        goal(
            "rate against the bare process",
            hundredths(ratio_percent),
            "at least 0.80",
            ratio_percent >= RATIO_PERCENT_GOAL,
        ),
        goal(
            "worker CPU for 1,000 gifts",
            format!("{} s", tenths(ours.worker_cpu_ms_per_1000)),
            "at most 9.0 s",
            ours.worker_cpu_ms_per_1000 <= WORKER_CPU_MS_GOAL,
        ),
        goal(
            "worker's peak memory in one round",
            format!("{} MiB", ours.worker_peak_kib / 1024),
            "at most 60 MiB",
            ours.worker_peak_kib <= WORKER_PEAK_KIB_GOAL,
        ),
    ]
}

fn table(ours: &Summary, bare: &Summary) -> String {
    let mut listing = Listing::new(["", "OURS", "BARE"]).right(1).right(2);
    let mut row = |name: &str, unit: &str, show: &dyn Fn(&Summary) -> String| {
        listing.row([name.to_owned(), format!("{}{unit}", show(ours)), format!("{}{unit}", show(bare))]);
    };
    row("gifts each second", "", &|one| tenths(one.gifts_per_1000_s));
    row("asked to known, half of them", " ms", &|one| one.p50_ms.to_string());
    row("asked to known, 99 of 100", " ms", &|one| one.p99_ms.to_string());
    row("worker CPU for 1,000", " s", &|one| tenths(one.worker_cpu_ms_per_1000));
    row("worker's peak memory, one round", " MiB", &|one| (one.worker_peak_kib / 1024).to_string());
    row("the same after all rounds", " MiB", &|one| (one.worker_peak_in_the_end_kib / 1024).to_string());
    row("Temporal's CPU for 1,000", " s", &|one| tenths(one.server_cpu_ms_per_1000));
    row("API's CPU for 1,000", " s", &|one| tenths(one.api_cpu_ms_per_1000));
    listing.text()
}

/// Thousandths as tenths.
pub(super) fn tenths(thousandths: u64) -> String {
    let rounded = (thousandths + 50) / 100;
    format!("{}.{}", rounded / 10, rounded % 10)
}

/// Hundredths as a number with two places.
pub(super) fn hundredths(percent: u64) -> String {
    format!("{}.{:02}", percent / 100, percent % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_for_people_are_rounded_once() {
        assert_eq!(tenths(8_949), "8.9");
        assert_eq!(tenths(8_950), "9.0");
        assert_eq!(hundredths(85), "0.85");
        let run = Run { gifts: 500, took_ms: 20_000, worker_cpu_ms: 3_000, ..Run::default() };
        assert_eq!(tenths(run.rate_milli()), "25.0");
        assert_eq!(tenths(run.per_thousand(run.worker_cpu_ms)), "6.0");
    }
}
