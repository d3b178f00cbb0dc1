//! The engine forgets: its file goes back to an earlier hour, while the database and Wave have moved on.
//!
//! Pots that were paid out come to their payout a second time; a pot that was given up believes itself open; pots and gifts that
//! came after that hour have no process any more. The books know better than the processes, so nobody may be paid twice. Pots that lost their process are started
//! again as an operator would, and everything has to come to its end.

use std::time::Instant;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use wolo_api::rules;
use wolo_database::pots;
use wolo_domain::donations::DonationStage;
use wolo_domain::ids::PotId;
use wolo_domain::pots::Timeline;
use wolo_sandbox::wave::{Endpoint, Fault, FaultRule};
use wolo_workflows::pot_lifecycle::PotPlan;

use crate::chance::Chance;
use crate::judge;
use crate::people::People;
use crate::report::{Report, Spread};
use crate::stage::Stage;
use crate::stories::Scene;

pub async fn rollback(seed: u64, tries: u64) -> Result<Report> {
    let began = Instant::now();
    let stage = Stage::start().await?;
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let mut report = Report::new("rollback", seed);
    let mut sums = Sums::default();
    for number in 0..tries {
        let mut chance = Chance::of(seed, number);
        forget(&scene, &mut chance, &mut report, &mut sums)
            .await
            .with_context(|| format!("in try {number}"))?;
        report.trials += 1;
        let verdict = judge::judge(&scene).await?;
        eprintln!(
            "try {number}: {} payouts had been made and forgotten, {:?}",
            sums.forgotten,
            verdict.words()
        );
        report.judged(&verdict);
        if !report.is_good() {
            break;
        }
    }
    report.more.insert("payouts_forgotten", sums.forgotten.into());
    report.more.insert("pots_started_again", sums.taken_up.into());
    report.silence_ms = Spread::of(scene.people.silences());
    report.kills = scene.stage.crew.deaths();
    report.took_s = began.elapsed().as_secs();
    scene.stage.shutdown().await?;
    Ok(report)
}

#[derive(Default)]
struct Sums {
    /// Payouts that the engine has forgotten and Wave has not.
    forgotten: u64,
    taken_up: u64,
}

async fn forget(scene: &Scene, chance: &mut Chance, report: &mut Report, sums: &mut Sums) -> Result<()> {
    let stage = &scene.stage;
    let mut before = Vec::new();
    for _ in 0..2 + chance.below(4) {
        let pot = scene.pot().await?;
        scene.give(&pot, 10_000).await?;
        before.push(pot);
    }
    let given_up = scene.pot().await?;
    let going_back = scene.give(&given_up, 4_000).await?;
    let waiting = scene.people.ask(&before[0].slug, 1_000).await?;
    let memory = stage.remember().await?;
    stage.ready().await?;

    // What the engine will have forgotten: payouts, gifts, and a pot with everything in it.
    stage.wave.pay(&waiting.session, None).context("Wave takes no payment")?;
    let paid_out = 1 + chance.below(before.len());
    for pot in &before[..paid_out] {
        if chance.percent(30) {
            let lost = FaultRule::once(Endpoint::PayoutCreate, Fault::LostReply);
            stage.wave.fault(lost.about(Scene::first_order(pot.pot)));
        }
        scene.to_the_end(pot.pot).await?;
    }
    scene.give_up(given_up.pot).await?;
    let after = scene.pot().await?;
    scene.give(&after, 7_000).await?;
    let unheard = scene.people.ask(&after.slug, 3_000).await?;
    sums.forgotten += u64::try_from(paid_out)?;

    if chance.percent(50) {
        report.count("forgets with all our processes killed", 1);
        stage.forget_since(&memory).await?;
        for member in stage.crew.members() {
            member.signal(Signal::KILL);
        }
    } else {
        report.count("forgets under our running processes", 1);
        stage.forget_since(&memory).await?;
    }
    stage.ready().await?;
    // Its process is gone, and Wave speaks of it.
    stage.wave.pay(&unheard.session, None).context("Wave takes no payment")?;
    sums.taken_up += start_again(scene).await?;
    // Its process believes it open, until the hour is over.
    scene.ask("compare", async || scene.compare().await).await?;
    scene.is_cancelled(given_up.pot).await?;
    scene.gift_is(going_back.donation, DonationStage::Refunded).await?;
    scene.to_rest().await?;
    for pot in before.iter().chain([&after]) {
        scene.stage_is(pot.pot, wolo_domain::pots::PotStage::Settled).await?;
    }
    Ok(())
}

/// As `wolo doctor` tells and `wolo pots restart` does: every unfinished pot without a process gets one.
async fn start_again(scene: &Scene) -> Result<u64> {
    let control = &scene.stage.control;
    let mut started = 0;
    for pot in pots::unfinished(&scene.stage.pool).await? {
        if scene.ask("say whether it runs", async || control.pot_runs(pot).await).await? {
            continue;
        }
        let plan = plan(scene, pot).await?;
        scene.ask("start again", async || control.take_up_pot(plan.clone()).await).await?;
        started += 1;
    }
    Ok(started)
}

async fn plan(scene: &Scene, pot: PotId) -> Result<PotPlan> {
    let pot = pots::pot(&scene.stage.pool, pot).await?.context("there is no such pot")?;
    let numbers = &scene.stage.settings.rules;
    let of_pots = rules::of_pots(numbers);
    Ok(PotPlan {
        pot: pot.id,
        owner: pot.owner,
        request: "restart".to_owned(),
        settings: pot.settings,
        timeline: Timeline::of_planned(pot.birthday, pot.opens_at, pot.closes_at, &of_pots),
        rules: of_pots,
        patience: rules::pot_patience(numbers),
        carried: None,
    })
}
