//! The money core in a virtual world: a clock that jumps, a scheduler drawn from a seed, and at every effect a chance that
//! the step dies, stands still, is done twice, or that its reply, its commit's answer or its completion is lost. What
//! decides is not modelled: stages, postings, orders and the evidence of Wave's records are the domain's own, the same
//! functions that the steps call. What is modelled is what surrounds them: rows with their constraints (`books`), a Wave
//! that keeps an exact book of its own (`wave`), and the order of effects in each step (`gift`, `payout`).
//!
//! `WOLO_SEEDS=1000000 cargo test --release -p wolo-domain --test simulation` lives that many lives; a seed that fails
//! prints the line that lives it again. docs/reliability.md says more.

#![allow(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod books;
mod chance;
mod gift;
mod judge;
mod life;
mod payout;
mod sabotage;
mod wave;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use judge::Reached;
use sabotage::Sabotage;

/// Lives in an ordinary run.
const LIVES: u64 = 10_000;
/// Lives within which each wrong rule is found.
const LIVES_OF_A_WRONG_RULE: u64 = 4_000;

fn verdict(seed: u64, sabotage: Sabotage, mended: bool) -> (Vec<String>, Reached) {
    let here = life::lived(seed, sabotage, setting("WOLO_SEED") == Some(seed), mended);
    let world = &mut *here.world();
    // Sealing costs more than the life itself, so only some are certified.
    let wrong = judge::judged(world, seed.is_multiple_of(50));
    (wrong, Reached::by(world))
}

#[expect(clippy::disallowed_methods, reason = "how many lives there are to live is the operator's to say")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Lives seeds on all cores; answers what they came to, and the first that went wrong.
fn live_all(seeds: std::ops::Range<u64>) -> (Vec<(u64, Vec<String>)>, Reached) {
    let next = AtomicU64::new(seeds.start);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let work = || {
        let (mut failed, mut reached) = (Vec::new(), Reached::default());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || failed.len() >= 3 {
                return (failed, reached);
            }
            let (wrong, came_to) = verdict(seed, Sabotage::None, true);
            reached.add(came_to);
            if !wrong.is_empty() {
                failed.push((seed, wrong));
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let (mut failed, mut reached) = (Vec::new(), Reached::default());
        for worker in workers {
            let (more, came_to) = worker.join().unwrap();
            failed.extend(more);
            reached.add(came_to);
        }
        failed.sort();
        (failed, reached)
    })
}

#[test]
fn no_order_of_events_loses_or_doubles_a_franc() {
    let one = setting("WOLO_SEED");
    let seeds = one.map_or_else(|| 0..setting("WOLO_SEEDS").unwrap_or(LIVES), |one| one..one + 1);
    let (failed, reached) = live_all(seeds);
    let Reached { lives, attempts, crashes, paid_out, went_back, in_suspense, lost_from_sight, ordered_anew } =
        reached;
    println!(
        "{lives} lives, {} went wrong: {attempts} attempts of steps of which {crashes} died, {paid_out} payouts of which \
         {lost_from_sight} were unknown for a while and {ordered_anew} ordered anew, {went_back} gifts given back, \
         {in_suspense} in suspense",
        failed.len()
    );
    let told: Vec<_> = failed
        .iter()
        .map(|(seed, wrong)| {
            format!("WOLO_SEED={seed} cargo test -p wolo-domain --test simulation    # {}", wrong.join("; "))
        })
        .collect();
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    assert!(one.is_some() || reached.everything(), "no life meets some kind of trouble");
}

/// What long runs found, and the rules that have closed it since (docs/reliability.md). Without them these lives go wrong.
#[test]
fn the_gaps_that_long_runs_found_stay_closed() {
    for seed in [345_718, 383_911, 412_314, 425_861, 429_695, 450_893] {
        assert_ne!(verdict(seed, Sabotage::None, false).0, Vec::<String>::new(), "{seed}");
        assert_eq!(verdict(seed, Sabotage::None, true).0, Vec::<String>::new(), "{seed}");
    }
}

#[test]
fn the_same_seed_is_the_same_life() {
    for seed in 0..50 {
        let [one, other] = [0, 1].map(|_| verdict(seed, Sabotage::None, false));
        assert_eq!((one.1.attempts, one.1.crashes, one.0), (other.1.attempts, other.1.crashes, other.0));
    }
}

#[test]
fn every_wrong_rule_is_caught() {
    for sabotage in Sabotage::ALL {
        // Ruled out on the first day, an order is paid twice only when a call comes very late and the wallet was short: that is
        // looked for where a long run found it.
        let first = if sabotage == Sabotage::NeverPaidAtOnce { 192_000 } else { 0 };
        let caught = (first..first + LIVES_OF_A_WRONG_RULE).find_map(|seed| {
            Some((seed, verdict(seed, sabotage, true).0)).filter(|(_, wrong)| !wrong.is_empty())
        });
        let (seed, wrong) = caught.unwrap_or_else(|| panic!("{sabotage:?} was not caught"));
        println!("{sabotage:?} is caught by seed {seed}: {}", wrong[0]);
    }
}
