//! What happens to everything at any time: processes die and freeze, the engine and the database fall and come back, and
//! connections break in the moment of a commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;
use wolo_sandbox::wave::{PayoutStatus, Release};

use crate::chance::Chance;
use crate::patience;
use crate::stage::Stage;
use crate::stage::proxy::Cut;

/// Longer than a step may be silent: what the frozen one did not finish is begun by another.
const FROZEN: Duration = Duration::from_secs(6);

/// How often what happened.
#[derive(Debug, Default)]
pub struct Toll {
    counts: Mutex<BTreeMap<String, u64>>,
    /// The numbers of rules by which Wave is bent. Those of stories are not among them.
    bent: Mutex<Vec<u64>>,
}

impl Toll {
    pub fn count(&self, what: impl Into<String>) {
        if let Ok(mut counts) = self.counts.lock() {
            *counts.entry(what.into()).or_default() += 1;
        }
    }

    /// Counts a way in which Wave is bent, and keeps the rule's number.
    pub fn bent(&self, what: String, rule: u64) {
        self.count(what);
        if let Ok(mut bent) = self.bent.lock() {
            bent.push(rule);
        }
    }

    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().map(|counts| counts.clone()).unwrap_or_default()
    }

    /// Deaths of processes that are not ours, which their watchers do not count.
    pub fn of_others(&self) -> u64 {
        ["kill temporal", "kill postgres"].iter().filter_map(|what| self.counts().get(*what).copied()).sum()
    }
}

/// Does one thing after another until it is enough, and never half of one. An error means that the world could not be put together again.
pub async fn wreak(stage: &Stage, mut chance: Chance, toll: &Toll, enough: impl Fn() -> bool) -> Result<()> {
    patience::storm_begins();
    while !enough() {
        tokio::time::sleep(Duration::from_millis(300 + chance.draw() % 2_000)).await;
        // What a fault holds back does not stay away for ever.
        stage.wave.release_webhooks();
        stage.wave.release_stalled(if chance.percent(50) { Release::Drop } else { Release::Answer });
        settle_what_processes(stage);
        // To kill the dead strikes nobody.
        stage.crew.somebody_is_there().await;
        one(stage, &mut chance, toll).await?;
    }
    Ok(())
}

async fn one(stage: &Stage, chance: &mut Chance, toll: &Toll) -> Result<()> {
    match chance.below(40) {
        0 => {
            toll.count("kill temporal");
            let mut temporal = stage.temporal.lock().await;
            temporal.kill().await;
            temporal.restart().await?;
        }
        1 => {
            toll.count("kill postgres");
            let mut postgres = stage.postgres.lock().await;
            postgres.kill().await;
            postgres.restart().await?;
        }
        2..=6 => {
            let workers = stage.crew.workers();
            if let Some(worker) = chance.one_of(&workers) {
                toll.count("freeze worker");
                let worker = Arc::clone(worker);
                worker.signal(Signal::STOP);
                tokio::spawn(async move {
                    tokio::time::sleep(FROZEN).await;
                    worker.signal(Signal::CONT);
                });
            }
        }
        7..=19 => {
            let cut = if chance.percent(70) { Cut::After } else { Cut::Before };
            toll.count(if cut == Cut::After { "cut after commit" } else { "cut before commit" });
            stage.store.cut_next(cut);
        }
        _ => {
            if let Some(member) = chance.one_of(stage.crew.members()) {
                toll.count(format!("kill {}", &member.name()[..member.name().len() - 2]));
                member.signal(Signal::KILL);
            }
        }
    }
    Ok(())
}

/// What Wave is still working on comes to its end there, sooner or later.
fn settle_what_processes(stage: &Stage) {
    let processing: Vec<String> = stage.wave.look(|book| {
        let open = book.payouts().iter().filter(|payout| payout.status == PayoutStatus::Processing);
        open.map(|payout| payout.id.clone()).collect()
    });
    for payout in processing {
        // It may have been settled in between.
        let _ = stage.wave.settle_payout(&payout, None);
    }
}

/// Nothing is held back, bent or frozen any more.
pub fn calm(stage: &Stage, toll: &Toll) {
    for rule in toll.bent.lock().map(|mut bent| std::mem::take(&mut *bent)).unwrap_or_default() {
        stage.wave.remove_fault(rule);
    }
    stage.wave.release_webhooks();
    stage.wave.release_stalled(Release::Drop);
    settle_what_processes(stage);
    for member in stage.crew.members() {
        member.signal(Signal::CONT);
    }
    patience::storm_ends();
}
