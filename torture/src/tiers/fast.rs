//! Every boundary, one death each, all on one stage.

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

/// `only` chooses boundaries whose name holds it.
pub async fn fast(seed: u64, only: Option<&str>) -> Result<Report> {
    let mut boundaries = boundaries::all();
    boundaries.retain(|boundary| only.is_none_or(|only| boundary.name.contains(only)));
    Chance::new(seed).shuffle(&mut boundaries);
    let began = Instant::now();
    let stage = Stage::start().await?;
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let trials = try_all(&scene, &boundaries).await;
    let mut report = Report::new("fast", seed);
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
