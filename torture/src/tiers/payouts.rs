//! Payouts whose replies are lost, in every way in which a reply can be: whatever we do then, Wave pays each once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt as _, stream};
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule, Release};

use crate::chance::Chance;
use crate::judge;
use crate::people::People;
use crate::report::Report;
use crate::stage::Stage;
use crate::stories::{Scene, Story};

const AT_ONCE: usize = 24;
/// Of a hundred payouts so many are never heard of, until finance looks.
const NEVER_HEARD_OF: usize = 3;

pub async fn payouts(seed: u64, count: usize) -> Result<Report> {
    let began = Instant::now();
    let stage = Stage::start().await?;
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let mut report = Report::new("payouts", seed);
    let done = AtomicUsize::new(0);
    let told = stream::iter(0..count)
        .map(|number| {
            let (scene, done) = (&scene, &done);
            async move {
                let mut chance = Chance::of(seed, number as u64);
                let told = one(scene, &mut chance).await;
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if done.is_multiple_of(50) {
                    eprintln!("{done} of {count}, after {} s", began.elapsed().as_secs());
                }
                told
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    // A reply that is held stays away for some seconds, and then never comes.
    let told = tokio::select! {
        told = told => told,
        () = drop_what_is_held(&scene.stage) => Vec::new(),
    };
    report.trials = told.len();
    for outcome in told {
        match outcome {
            Ok(loss) => report.count(loss, 1),
            Err(why) => {
                report.stuck += 1;
                report.found.push(format!("{why:#}"));
            }
        }
    }
    report.judged(&judge::judge(&scene).await?);
    let executions = executions(&scene);
    report.more.insert("decisions_by_finance", scene.people.decisions().into());
    report.more.insert("orders_paid", executions.len().into());
    report.more.insert("most_executions_of_one", executions.values().max().copied().unwrap_or(0).into());
    report.kills = scene.stage.crew.deaths();
    report.took_s = began.elapsed().as_secs();
    scene.stage.shutdown().await?;
    Ok(report)
}

async fn drop_what_is_held(stage: &Stage) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        stage.wave.release_stalled(Release::Drop);
    }
}

/// How often Wave has paid each order.
fn executions(scene: &Scene) -> BTreeMap<String, usize> {
    scene.stage.wave.look(|book| {
        let mut executions = BTreeMap::new();
        for payout in book.payouts().iter().filter(|payout| payout.executed()) {
            *executions.entry(payout.order.client_reference.clone().unwrap_or_default()).or_default() += 1;
        }
        executions
    })
}

async fn one(scene: &Scene, chance: &mut Chance) -> Result<String> {
    if chance.percent(NEVER_HEARD_OF) {
        Story::Unknown.play(scene).await?;
        return Ok("never heard of".to_owned());
    }
    let pot = scene.pot().await?;
    scene.give(&pot, 1_000 + i64::try_from(chance.below(50_000))?).await?;
    let order = Scene::first_order(pot.pot);
    let (name, fault) = loss(chance);
    let times = u32::try_from(1 + chance.below(3))?;
    scene.stage.wave.fault(FaultRule::once(Endpoint::PayoutCreate, fault).times(times).about(order.clone()));
    if chance.percent(50) {
        // The search does not see it at first either.
        let blind = u32::try_from(1 + chance.below(4))?;
        let blindness = FaultRule::once(Endpoint::PayoutSearch, Fault::SearchBlind).times(blind);
        scene.stage.wave.fault(blindness.about(order));
    }
    scene.to_the_end(pot.pot).await?;
    Ok(name.to_owned())
}

/// Every one of these may have been executed, as far as we can tell.
fn loss(chance: &mut Chance) -> (&'static str, Fault) {
    match chance.below(8) {
        0 => ("500 after", Fault::ErrorAfter { status: 500 }),
        1 => ("503 after", Fault::ErrorAfter { status: 503 }),
        2 => ("half a reply", Fault::MalformedReply),
        3 => ("stalled reply", Fault::StalledReply),
        4 => ("another amount", Fault::OtherAmount { amount: 1 }),
        5 => ("lost request", Fault::LostRequest),
        _ => ("lost reply", Fault::LostReply),
    }
}
