//! The figures of `wolo bench api`: medians over the rounds, and the goals beside them. Whole numbers all the way.

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::Pace;
use super::routes::Route;
use super::sign_in::Apart;
use crate::bench::goals::{self, Goal};
use crate::bench::report::{hundredths, tenths};
use crate::bench::{median, sorted, within};
use crate::output::{self, Format, Listing};

/// One request, or one run of a script, on the clock of whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) began_us: u64,
    pub(super) took_us: u64,
}

/// What one round measured of one route.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Run {
    calls: u64,
    took_us: u64,
    p50_us: u64,
    p99_us: u64,
    /// Answers that were not 200. pgbench stops at its first.
    errors: u64,
    /// Ours alone has an API.
    api_cpu_ms: u64,
}

impl Run {
    pub(super) fn of(calls: &[Call]) -> Result<Self> {
        let first = calls.iter().map(|call| call.began_us).min().context("nothing was asked")?;
        let last =
            calls.iter().map(|call| call.began_us + call.took_us).max().context("nothing was asked")?;
        let times = sorted(calls.iter().map(|call| call.took_us));
        let at = |percent| within(&times, percent);
        Ok(Self {
            calls: u64::try_from(times.len())?,
            took_us: (last - first).max(1),
            p50_us: at(50),
            p99_us: at(99),
            ..Self::default()
        })
    }

    /// What only our side has.
    pub(super) fn with(self, errors: u64, api_cpu_ms: u64) -> Self {
        Self { errors, api_cpu_ms, ..self }
    }

    fn rate(&self) -> u64 {
        self.calls * 1_000_000 / self.took_us.max(1)
    }

    fn api_cpu_ms_per_1000(&self) -> u64 {
        self.api_cpu_ms * 1_000 / self.calls.max(1)
    }
}

/// The medians of one side.
#[derive(Debug, Clone, Copy, Serialize)]
struct Summary {
    per_second: u64,
    p50_us: u64,
    p99_us: u64,
    errors: u64,
    api_cpu_ms_per_1000: u64,
}

impl Summary {
    fn of(runs: &[Run]) -> Self {
        let of = |figure: fn(&Run) -> u64| median(runs.iter().map(figure));
        Self {
            per_second: of(Run::rate),
            p50_us: of(|run| run.p50_us),
            p99_us: of(|run| run.p99_us),
            // None is forgotten.
            errors: runs.iter().map(|run| run.errors).sum(),
            api_cpu_ms_per_1000: of(Run::api_cpu_ms_per_1000),
        }
    }
}

/// The rounds of one route.
#[derive(Debug)]
pub(super) struct Measured {
    name: &'static str,
    goal_percent: Option<u64>,
    pub(super) ours: Vec<Run>,
    /// None where pgbench has no part.
    pub(super) pgbench: Vec<Run>,
}

impl Measured {
    pub(super) fn of(route: &Route) -> Self {
        let goal_percent = route.beside.as_ref().map(|beside| beside.goal_percent);
        Self { name: route.name, goal_percent, ours: Vec::new(), pgbench: Vec::new() }
    }

    fn ours(&self) -> Summary {
        Summary::of(&self.ours)
    }

    fn against(&self) -> Option<Against> {
        let goal_percent = self.goal_percent?;
        let pgbench = Summary::of(&self.pgbench);
        let ratio_percent = self.ours().per_second * 100 / pgbench.per_second.max(1);
        Some(Against { pgbench, ratio_percent, goal_percent, ok: ratio_percent >= goal_percent })
    }
}

/// How a route stands beside pgbench.
#[derive(Debug, Clone, Copy, Serialize)]
struct Against {
    pgbench: Summary,
    ratio_percent: u64,
    goal_percent: u64,
    ok: bool,
}

#[derive(Debug)]
pub(super) struct Report {
    pub(super) pace: Pace,
    pub(super) routes: Vec<Measured>,
    pub(super) apart: Apart,
}

impl Report {
    fn errors(&self) -> u64 {
        self.routes.iter().flat_map(|route| &route.ours).map(|run| run.errors).sum()
    }

    /// Shows the figures; an error where they miss a goal, of which one is that every answer was the right one.
    pub(super) fn print(&self, format: Format) -> Result<()> {
        let goals = self.goals();
        if format.json {
            output::json(&self.document())?;
            return goals::all_met(&goals);
        }
        let Pace { seconds, concurrency, rounds } = self.pace;
        output::say(&format!(
            "{seconds} s for each, {concurrency} connections, medians of {rounds} rounds\n\n{}\n",
            self.table()
        ));
        goals::say(&goals);
        goals::all_met(&goals)
    }

    fn goals(&self) -> Vec<Goal> {
        let beside = self.routes.iter().filter_map(|route| Some((route.name, route.against()?)));
        let rates = beside.map(|(name, Against { ratio_percent, goal_percent, ok, .. })| Goal {
            name: name.to_owned(),
            found: format!("{} of pgbench's rate", hundredths(ratio_percent)),
            wanted: format!("at least {}", hundredths(goal_percent)),
            ok,
        });
        let errors = self.errors();
        let answers = Goal {
            name: "answers that were not 200".to_owned(),
            found: errors.to_string(),
            wanted: "none".to_owned(),
            ok: errors == 0,
        };
        rates.chain([self.apart.goal(), answers]).collect()
    }

    fn document(&self) -> Value {
        let routes: Vec<_> = self
            .routes
            .iter()
            .map(|route| {
                json!({
                    "route": route.name, "ours": route.ours(), "against": route.against(),
                    "rounds_ours": route.ours, "rounds_pgbench": route.pgbench,
                })
            })
            .collect();
        json!({
            "seconds": self.pace.seconds, "concurrency": self.pace.concurrency, "rounds": self.pace.rounds,
            "routes": routes, "wrong_passwords": self.apart, "errors": self.errors(), "debug_build": cfg!(debug_assertions),
        })
    }

    fn table(&self) -> String {
        let columns = ["ROUTE", "", "EACH SECOND", "HALF WITHIN", "99 OF 100", "API CPU FOR 1,000", "ERRORS"];
        let mut listing = (2..columns.len()).fold(Listing::new(columns), Listing::right);
        for route in &self.routes {
            let ours = route.ours();
            let cpu = format!("{} s", tenths(ours.api_cpu_ms_per_1000));
            listing.row(line(route.name, "API", &ours, cpu, ours.errors.to_string()));
            if let Some(Against { pgbench, .. }) = route.against() {
                listing.row(line("", "pgbench", &pgbench, String::new(), String::new()));
            }
        }
        listing.text()
    }
}

fn line(name: &str, side: &str, figures: &Summary, cpu: String, errors: String) -> [String; 7] {
    let ms = |micros: u64| format!("{} ms", hundredths((micros + 5) / 10));
    [
        name.to_owned(),
        side.to_owned(),
        figures.per_second.to_string(),
        ms(figures.p50_us),
        ms(figures.p99_us),
        cpu,
        errors,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_of_the_time_from_the_first_question_to_the_last_answer() {
        let calls: Vec<Call> =
            (0..100).map(|n| Call { began_us: 5_000_000 + n * 10_000, took_us: 10_000 + n }).collect();
        let run = Run::of(&calls).unwrap();
        assert_eq!((run.calls, run.took_us, run.rate()), (100, 1_000_099, 99));
        assert_eq!((run.p50_us, run.p99_us), (10_050, 10_099));
        assert!(Run::of(&[]).is_err(), "nothing is not a figure");
    }
}
