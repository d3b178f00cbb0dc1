//! Boundaries, one death each, all on one stage: every one there is, or as many as a change can wait for.

use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt as _, stream};

use crate::boundaries::{self, Boundary};
use crate::chance::Chance;
use crate::judge;
use crate::people::People;
use crate::report::{Report, Spread};
use crate::stage::Stage;
use crate::stories::Scene;
use crate::trial::{self, Trial, Turns};

/// Stories that are told at once. More would only wait for the two workers.
const AT_ONCE: usize = 12;

/// Beside those of money, so many of the others die in a fast run; the seed chooses them.
const OTHERS: usize = 5;

/// `only` chooses boundaries whose name holds it.
pub async fn every(seed: u64, only: Option<&str>) -> Result<Report> {
    let mut boundaries = boundaries::all();
    boundaries.retain(|boundary| only.is_none_or(|only| boundary.name.contains(only)));
    Chance::new(seed).shuffle(&mut boundaries);
    Box::pin(die_at(&boundaries, Report::new("every", seed))).await
}

/// All boundaries of gifts, refunds, payouts, webhooks and commands, and of the others some that the seed chooses.
pub async fn fast(seed: u64) -> Result<Report> {
    Box::pin(die_at(&chosen(seed), Report::new("fast", seed))).await
}

fn chosen(seed: u64) -> Vec<Boundary> {
    let mut chance = Chance::new(seed);
    let (mut chosen, mut others): (Vec<_>, Vec<_>) =
        boundaries::all().into_iter().partition(Boundary::moves_money);
    chance.shuffle(&mut others);
    others.truncate(OTHERS);
    chosen.append(&mut others);
    chance.shuffle(&mut chosen);
    chosen
}

async fn die_at(boundaries: &[Boundary], mut report: Report) -> Result<Report> {
    let began = Instant::now();
    let stage = Stage::start().await?;
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let trials = try_all(&scene, boundaries).await;
    report.unexercised = boundaries::unexercised();
    tally(&mut report, &scene, trials);
    report.judged(&judge::judge(&scene).await?);
    report.kills = scene.stage.crew.deaths();
    report.took_s = began.elapsed().as_secs();
    scene.stage.shutdown().await?;
    Ok(report)
}

pub(super) async fn try_all(scene: &Scene, boundaries: &[Boundary]) -> Vec<Trial> {
    let turns = Turns::default();
    stream::iter(boundaries)
        .map(|boundary| trial::run(scene, &turns, boundary))
        .buffer_unordered(AT_ONCE)
        .inspect(|trial| eprintln!("{} {}", trial.boundary, trial.words()))
        .collect()
        .await
}

pub(super) fn tally(report: &mut Report, scene: &Scene, trials: Vec<Trial>) {
    report.trials += trials.len();
    let mut recoveries = Vec::new();
    for trial in trials {
        let kind = trial.kind().to_owned();
        match trial.stuck {
            Some(why) => {
                report.stuck += 1;
                report.found.push(format!("{}: {why}", trial.boundary));
            }
            None if trial.missed => report.missed.push(trial.boundary),
            None => report.count(kind, 1),
        }
        recoveries.extend(trial.recovery);
    }
    report.recovery_ms = Spread::of(recoveries);
    report.silence_ms = Spread::of(scene.people.silences());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(seed: u64) -> BTreeSet<String> {
        chosen(seed).into_iter().map(|boundary| boundary.name).collect()
    }

    #[test]
    fn a_fast_run_has_a_hundred_boundaries_all_of_money_and_others_with_every_seed() {
        let money: BTreeSet<_> =
            boundaries::all().into_iter().filter(Boundary::moves_money).map(|one| one.name).collect();
        for needed in
            ["donations.settle k4", "refunds.give_back k3", "payouts.send k5", "webhook w2", "command a3"]
        {
            assert!(money.contains(needed), "{needed}");
        }
        let (one, other) = (names(1), names(2));
        for run in [&one, &other] {
            assert!(run.is_superset(&money));
            assert!(run.len() >= 100, "{}", run.len());
        }
        assert_ne!(one, other);
        assert_eq!(one, names(1));
    }
}
