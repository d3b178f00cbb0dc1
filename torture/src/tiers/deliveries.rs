//! A storm of webhooks: every event many times over, in any order, at two APIs, one of which dies now and then.
//!
//! What is measured is what Wave would see: how long each delivery takes to be answered, and what the answer is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Client;
use rustix::process::Signal;
use wolo_database::ledger;
use wolo_domain::donations::DonationStage;
use wolo_domain::ledger::Account;
use wolo_providers::http::{self, Timeouts};
use wolo_sandbox::wave::{WebhookFault, WebhookFaultRule, signature};

use crate::chance::Chance;
use crate::judge;
use crate::people::{Gift, People, millis};
use crate::report::{Report, Spread};
use crate::stage::Stage;
use crate::stories::Scene;

/// Gifts of one pot.
const IN_A_POT: usize = 100;
const ASKED_AT_ONCE: usize = 16;
/// 99 of 100 deliveries are acknowledged within so long.
const ACKNOWLEDGED_MS: u64 = 250;
/// Deliveries under way at once.
const DELIVERED_AT_ONCE: usize = 32;

#[derive(Clone, Copy, Debug)]
pub struct Storm {
    pub events: usize,
    pub times: usize,
    /// How often an API dies meanwhile.
    pub kills: u64,
}

pub async fn deliveries(seed: u64, storm: Storm) -> Result<Report> {
    let began = Instant::now();
    let stage = Stage::start().await?;
    let people = People::before(&stage)?;
    let scene = Scene { stage, people };
    let mut report = Report::new("deliveries", seed);
    let gifts = gifts(&scene, storm.events).await?;
    let events = pay_unheard(&scene, &gifts)?;
    let mut letters: Vec<&str> =
        events.iter().flat_map(|event| std::iter::repeat_n(event.as_str(), storm.times)).collect();
    Chance::new(seed).shuffle(&mut letters);
    report.trials = letters.len();
    let answers = Answers::default();
    let carrier = Carrier::to(&scene.stage)?;
    let raging = Instant::now();
    let all = stream::iter(letters)
        .map(|letter| carrier.deliver(letter, &answers))
        .buffer_unordered(DELIVERED_AT_ONCE)
        .try_collect::<Vec<u64>>();
    let (times, ()) = tokio::try_join!(all, strike(&scene.stage, storm, &answers))?;
    let lasted = millis(raging).max(1);
    for gift in &gifts {
        scene.gift_is(gift.donation, DonationStage::Confirmed).await?;
    }
    report.more.insert("deliveries_per_second", (times.len() as u64 * 1_000 / lasted).into());
    let (acknowledged, failures) = (Spread::of(times), answers.failures.into_inner());
    report.more.insert("acknowledged_ms", serde_json::to_value(acknowledged)?);
    report.more.insert("answers_from_500", failures.into());
    if failures > 0 || acknowledged.p99 > ACKNOWLEDGED_MS {
        report.wrong += 1;
        let p99 = acknowledged.p99;
        report.found.push(format!(
            "{failures} answers of 500 or more, 99 of 100 acknowledged within {p99} ms and not {ACKNOWLEDGED_MS}"
        ));
    }
    report.more.insert("unanswered_and_sent_again", answers.unanswered.into_inner().into());
    report.count("kill api", scene.stage.crew.deaths());
    let postings = arrivals(&scene).await?;
    report.more.insert("postings", postings.len().into());
    let odd = postings.values().filter(|count| **count != 1).count();
    report.duplicated += odd + postings.len().abs_diff(storm.events);
    let mut pots: Vec<_> = gifts.iter().map(|gift| gift.pot).collect();
    pots.dedup();
    stream::iter(pots).map(|pot| scene.to_the_end(pot)).buffer_unordered(4).try_collect::<Vec<()>>().await?;
    report.judged(&judge::judge(&scene).await?);
    report.kills = scene.stage.crew.deaths();
    report.took_s = began.elapsed().as_secs();
    scene.stage.shutdown().await?;
    Ok(report)
}

/// Asks for that many gifts, a hundred in a pot.
async fn gifts(scene: &Scene, count: usize) -> Result<Vec<Gift>> {
    let mut gifts = Vec::new();
    while gifts.len() < count {
        let pot = scene.pot().await?;
        let wanted = IN_A_POT.min(count - gifts.len());
        let asked = stream::iter(0..wanted)
            .map(|_| scene.people.ask(&pot.slug, 1_000))
            .buffer_unordered(ASKED_AT_ONCE)
            .try_collect::<Vec<_>>();
        gifts.extend(asked.await?);
    }
    Ok(gifts)
}

/// All are paid, and Wave tells nobody. Answers what it would have told.
fn pay_unheard(scene: &Scene, gifts: &[Gift]) -> Result<Vec<String>> {
    let wave = &scene.stage.wave;
    let silence = wave.webhook_fault(WebhookFaultRule::always(WebhookFault::Lost));
    for gift in gifts {
        wave.pay(&gift.session, None).context("Wave takes no payment")?;
    }
    let events = wave.look(|book| book.events().iter().map(|event| event.body.clone()).collect::<Vec<_>>());
    // Deliveries are begun by tasks of their own; what they find when they begin is the silence.
    let _ = silence;
    anyhow::ensure!(events.len() == gifts.len(), "{} events of {} gifts", events.len(), gifts.len());
    Ok(events)
}

#[derive(Default)]
struct Answers {
    all: AtomicU64,
    failures: AtomicU64,
    unanswered: AtomicU64,
}

struct Carrier<'a> {
    http: Client,
    url: String,
    secret: &'a str,
}

impl<'a> Carrier<'a> {
    fn to(stage: &'a Stage) -> Result<Self> {
        Ok(Self {
            http: http::client(Timeouts::total(Duration::from_secs(10)))?,
            url: format!("http://{}/api/payments/webhook", stage.front.address()),
            secret: stage.wave.webhook_secret(),
        })
    }

    /// Sends until it is acknowledged, as Wave does. Answers how long the acknowledged attempt took.
    async fn deliver(&self, body: &str, answers: &Answers) -> Result<u64> {
        for _ in 0..200 {
            let sent = Instant::now();
            let signed = signature::header([self.secret], Utc::now().timestamp(), body.as_bytes());
            let request = self.http.post(&self.url).header("wave-signature", signed);
            match request.header("content-type", "application/json").body(body.to_owned()).send().await {
                Ok(answer) if answer.status().is_success() => {
                    answers.all.fetch_add(1, Ordering::Relaxed);
                    return Ok(millis(sent));
                }
                Ok(answer) if answer.status().is_server_error() => {
                    answers.failures.fetch_add(1, Ordering::Relaxed);
                }
                Ok(answer) => anyhow::bail!("a true event was answered {}", answer.status()),
                // Whoever was to answer has died.
                Err(_) => drop(answers.unanswered.fetch_add(1, Ordering::Relaxed)),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("an event was never acknowledged")
    }
}

/// Kills the APIs in turn, spread over the storm.
async fn strike(stage: &Stage, storm: Storm, answers: &Answers) -> Result<()> {
    let all = (storm.events * storm.times) as u64;
    for kill in 1..=storm.kills {
        while answers.all.load(Ordering::Relaxed) < all * kill / (storm.kills + 1) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let api = &stage.crew.members()[usize::from(kill.is_multiple_of(2))];
        api.signal(Signal::KILL);
    }
    Ok(())
}

/// How often each movement of money that came stands in the books.
async fn arrivals(scene: &Scene) -> Result<BTreeMap<String, usize>> {
    let mut found = BTreeMap::new();
    for posting in judge::postings(scene).await? {
        let came = posting
            .entries
            .iter()
            .any(|entry| entry.account == Account::WaveFloat && entry.amount < wolo_domain::money::Xof::ZERO);
        if let (true, Some(id)) = (came, posting.wave_id) {
            *found.entry(id).or_default() += 1;
        }
    }
    let _ = ledger::check(&scene.stage.pool).await?;
    Ok(found)
}
