//! `wolo stuck`: everything that does not go on by itself, since when, whose it is, and the command that helps.
//!
//! Three who know are asked: the engine, the holds of pots, and the books, which say what should have been done by now. The books
//! answer when no engine and no worker runs, too; then what they say is shown, and the command ends with an error.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use chrono::Utc;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use wolo_api::rules;
use wolo_control::queues;
use wolo_control::stuck::{Look, Standstill, Stuck as Found};
use wolo_database::{Page, Pool, pots, punctuality};

use super::{AtMost, Config};
use crate::output::{self, Format, Paint, Progress, instant, instant_or_dash};
use crate::system::System;

#[derive(Args, Debug)]
pub(crate) struct Stuck {
    /// Only processes of this queue, and nothing that the books say
    #[arg(long, value_parser = queues::ALL)]
    queue: Option<String>,
    /// Look at no more than so many processes one by one, those first that the engine's index suspects
    #[arg(long, default_value_t = 1_000, value_name = "COUNT")]
    look_at: usize,
    #[command(flatten)]
    most: AtMost,
    #[command(flatten)]
    format: Format,
}

/// Something that stands still, for programs.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    stuck: &'a Found,
    page: Option<String>,
}

impl Stuck {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let looking = Progress::spinning("looking");
        let (mut found, engine) = match self.ask(&system).await {
            Ok(found) => (found, Ok(())),
            Err(error) => (Standstill::default(), Err(error.context("what runs could not be looked at"))),
        };
        if self.queue.is_none() {
            let pool = system.pool().await?;
            found.add(held(&pool, self.most.limit).await?);
            found.add(late(&pool, &system, self.most.limit).await?);
        }
        drop(looking);
        let shown = usize::try_from(self.most.limit)?;
        if self.format.json {
            let page = |stuck: &Found| system.process_page(&stuck.process);
            let told: Vec<_> =
                found.stuck.iter().take(shown).map(|stuck| Told { stuck, page: page(stuck) }).collect();
            output::json(&json!({
                "stuck": told,
                "total": found.stuck.len(),
                "running": found.running,
                "looked_at": found.looked_at,
                "engine_problem": engine.as_ref().err().map(|error| format!("{error:#}")),
            }))?;
        } else {
            print(&found, shown, &system, engine.is_ok());
        }
        engine
    }

    async fn ask(&self, system: &System) -> Result<Standstill> {
        let look = Look { now: Utc::now(), at_most: self.look_at, queue: self.queue.as_deref() };
        Ok(system.control().await?.stuck(look).await?)
    }
}

async fn held(pool: &Pool, limit: u32) -> Result<Vec<Found>> {
    let filter = pots::Filter { stage: None, held: Some(true) };
    let pots = pots::all(pool, filter, Page::first(limit)).await;
    let pots = pots.context("the database does not say which pots are held")?;
    let holds = pots.iter().flat_map(|pot| pot.holds.iter().map(|hold| (pot.id, hold)));
    Ok(holds.map(|(pot, hold)| Found::held(pot, hold.reason, hold.since)).collect())
}

async fn late(pool: &Pool, system: &System, limit: u32) -> Result<Vec<Found>> {
    let punctuality = rules::punctuality(&system.settings);
    let late = punctuality::late(pool, Utc::now(), punctuality, limit).await;
    Ok(late.context("the database does not say what is late")?.steps.into_iter().map(Found::late).collect())
}

fn print(found: &Standstill, shown: usize, system: &System, asked: bool) {
    let paint = Paint::for_stdout();
    for stuck in found.stuck.iter().take(shown) {
        output::say(&format!("{}\n{}\n", paint.bold(&stuck.process), about(stuck, system)));
    }
    if found.stuck.is_empty() && asked {
        output::say("Everything goes on.");
    }
    if found.stuck.len() > shown {
        output::say(&format!("{} stand still in all; `--limit` shows more.", found.stuck.len()));
    }
    if found.is_partial() {
        output::say(&format!(
            "{} of {} processes were looked at: all that the index suspects, and of the others as many as `--look-at` says. \
             A step of another one may be tried again and again.",
            found.looked_at, found.running
        ));
    }
}

/// What is wrong, in lines under its name.
fn about(stuck: &Found, system: &System) -> String {
    let mut text = format!("  waits for {}\n  since {}", stuck.waits_for, instant_or_dash(stuck.since));
    if let Some(attempts) = stuck.attempts {
        let next = stuck.next_try.map(|at| format!(", again at {}", instant(at))).unwrap_or_default();
        let _ = write!(text, ", tried {attempts} {}{next}", if attempts == 1 { "time" } else { "times" });
    }
    if let Some(fault) = &stuck.last_error {
        let kind = fault.kind.as_deref().map(|kind| format!("{kind}: ")).unwrap_or_default();
        let _ = write!(text, "\n  last error: {kind}{}", fault.words);
    }
    let _ = write!(text, "\n  {} helps with: {}", stuck.owner, stuck.help);
    if let Some(page) = system.process_page(&stuck.process).filter(|_| stuck.process.contains('/')) {
        let _ = write!(text, "\n  {page}");
    }
    text
}
