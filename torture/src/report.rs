//! What a run prints: one line of JSON, and on standard error what was found, in words.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::judge::Verdict;

#[derive(Debug, Serialize)]
pub struct Report {
    pub run: &'static str,
    pub seed: u64,
    /// How this program was compiled.
    pub build: &'static str,
    pub trials: usize,
    /// How many of our processes died.
    pub kills: u64,
    /// Deaths and other faults, by kind.
    pub faults: BTreeMap<String, u64>,
    pub lost: usize,
    pub duplicated: usize,
    pub stuck: usize,
    /// Rules that were broken otherwise.
    pub wrong: usize,
    /// From a death to the next deed of the process that it struck.
    pub recovery_ms: Spread,
    /// How long somebody was without an answer because an API had died.
    pub silence_ms: Spread,
    /// Boundaries that nobody died at, and steps that no story reaches.
    pub missed: Vec<String>,
    pub unexercised: Vec<&'static str>,
    pub took_s: u64,
    /// What only this kind of run counts.
    #[serde(flatten)]
    pub more: BTreeMap<&'static str, serde_json::Value>,
    /// The first things that were found, in words.
    pub found: Vec<String>,
}

/// Times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spread {
    pub count: usize,
    pub p50: u64,
    pub p99: u64,
    pub most: u64,
}

impl Spread {
    pub fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self {
            count: times.len(),
            p50: at(50).unwrap_or(0),
            p99: at(99).unwrap_or(0),
            most: times.last().copied().unwrap_or(0),
        }
    }
}

/// More than these would only repeat themselves.
const WORDS: usize = 20;

impl Report {
    pub fn new(run: &'static str, seed: u64) -> Self {
        Self {
            run,
            seed,
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            trials: 0,
            kills: 0,
            faults: BTreeMap::new(),
            lost: 0,
            duplicated: 0,
            stuck: 0,
            wrong: 0,
            recovery_ms: Spread::default(),
            silence_ms: Spread::default(),
            missed: Vec::new(),
            unexercised: Vec::new(),
            took_s: 0,
            more: BTreeMap::new(),
            found: Vec::new(),
        }
    }

    pub fn judged(&mut self, verdict: &Verdict) {
        self.lost += verdict.lost.len();
        self.duplicated += verdict.duplicated.len();
        self.stuck += verdict.stuck.len();
        self.wrong += verdict.wrong.len();
        self.found.extend(verdict.words());
        self.found.truncate(WORDS);
    }

    pub fn count(&mut self, fault: impl Into<String>, times: u64) {
        *self.faults.entry(fault.into()).or_default() += times;
    }

    pub fn is_good(&self) -> bool {
        self.lost + self.duplicated + self.stuck + self.wrong == 0 && self.missed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_names_a_time_that_was_measured() {
        let spread = Spread::of((1..=200).rev().collect());
        assert_eq!((spread.count, spread.p50, spread.p99, spread.most), (200, 100, 198, 200));
        let one = Spread::of(vec![7]);
        assert_eq!((one.p50, one.p99), (7, 7));
        assert_eq!(Spread::of(Vec::new()).most, 0);
    }
}
