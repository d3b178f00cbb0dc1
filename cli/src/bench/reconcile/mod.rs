//! `wolo bench reconcile`: a day of Wave's statement with differences of every kind planted in it, compared by the process that
//! compares every day.
//!
//! The lines stand in the emulator and are read from it page by page over HTTP. Gifts and payouts are written straight into the
//! database, because making a hundred thousand of them through the product takes longer than what is measured; the payouts
//! have no postings, which the comparison does not read.

mod books;
mod plot;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use wolo_api::rules::refund_patience;
use wolo_control::books::ReconciledDay;
use wolo_database::{Page, Pool, discrepancies, people};
use wolo_domain::dakar;
use wolo_domain::discrepancies::DiscrepancyKind;
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;

use super::{options, warn_of_debug_build};
use crate::local::Local;
use crate::output::{self, Fields, Format, Progress};
use plot::Plot;

const GOAL_MS: u128 = 60_000;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    pub(crate) lines: u32,
    pub(crate) differences: u32,
}

/// Measures, prints, and fails if a line got another kind than it is, or if it took too long.
pub(crate) async fn reconcile(statement: Statement, format: Format) -> Result<()> {
    warn_of_debug_build();
    let starting = Progress::spinning("the world comes up");
    let local = Local::start(options()?).await?;
    drop(starting);
    let measured = measure(&local, statement).await;
    local.shutdown().await?;
    measured?.print(format)
}

async fn measure(local: &Local, statement: Statement) -> Result<Report> {
    let planting = Progress::spinning("the statement and the books are written");
    let pool = local.pool(2).await?;
    let yesterday = dakar::days_before(dakar::day_of(Utc::now()), 1);
    let mut plot = Plot::of(statement, dakar::start_of(yesterday) + TimeDelta::hours(12));
    let wave_ids = local.world.wave.plant_lines(std::mem::take(&mut plot.lines));
    books::write(local, owner(&pool).await?, &plot, &wave_ids).await?;
    let planted = plot.expected(&wave_ids);
    drop(planting);

    let control = local.control().await?;
    let under_way = local.settings.books.under_way_minutes * 60;
    let refund = refund_patience(&local.settings.rules);
    let compare = async || {
        let done = control.reconcile(yesterday, under_way, refund).await;
        done.context("the comparison gave no answer")
    };
    let comparing = Progress::spinning("the day is compared");
    let began = Instant::now();
    let first = compare().await?;
    let took_ms = began.elapsed().as_millis();
    // A gift that cannot be settled is a discrepancy when asking has not helped; all else is found already.
    let began = Instant::now();
    let second = compare().await?;
    let again_ms = began.elapsed().as_millis();
    drop(comparing);
    let found = found(&pool).await?;
    let right = planted.iter().filter(|(key, kind)| found.get(*key) == Some(*kind)).count();
    Ok(Report { first, second, took_ms, again_ms, planted: planted.len(), right, found: found.len() })
}

async fn owner(pool: &Pool) -> Result<UserId> {
    let id = UserId::from_uuid(uuid::Uuid::now_v7());
    let birth_date = BirthDate::new("1990-05-17".parse()?);
    let owner = people::User { id, name: "Owner".to_owned(), birth_date, phone: None, email: None };
    people::add_user(pool, &owner).await?;
    Ok(id)
}

/// Every discrepancy, by the line or the thing that it is about. Two of one line would be a fault.
async fn found(pool: &Pool) -> Result<BTreeMap<String, DiscrepancyKind>> {
    let mut found = BTreeMap::new();
    let mut page = Page::first(1_000);
    loop {
        let part = discrepancies::all(pool, None, true, page).await?;
        let Some(last) = part.last() else { return Ok(found) };
        page = Page::after(last.id, 1_000);
        for one in part {
            if let Some(other) = found.insert(one.key, one.kind) {
                bail!("a line got two verdicts: {other} and {}", one.kind);
            }
        }
    }
}

struct Report {
    first: ReconciledDay,
    second: ReconciledDay,
    took_ms: u128,
    again_ms: u128,
    planted: usize,
    right: usize,
    found: usize,
}

impl Report {
    fn print(self, format: Format) -> Result<()> {
        let Self { first, second, took_ms, again_ms, planted, right, found } = self;
        let wrong = planted - right + (found - right);
        if format.json {
            output::json(&json!({
                "lines": first.lines, "matched": first.matched, "fees_booked": first.fees_booked,
                "differences": planted, "right": right, "wrong": wrong,
                "took_ms": took_ms, "goal_ms": GOAL_MS, "again_ms": again_ms,
                "found_again": second.opened,
            }))?;
        } else {
            let mut fields = Fields::new();
            fields.field("lines", first.lines);
            fields.field("matched", first.matched);
            fields.field("fees booked", first.fees_booked);
            fields.field("differences planted", planted);
            fields.field("classified right", right);
            fields.field("wrong, or found and not planted", wrong);
            fields.field("first comparison", format!("{took_ms} ms (goal: {GOAL_MS} ms for 100000 lines)"));
            fields.field("the same once more", format!("{again_ms} ms"));
            output::say(&fields.text());
        }
        ensure!(wrong == 0, "{wrong} of the differences were not told as what they are");
        ensure!(
            took_ms <= GOAL_MS,
            "the first comparison took {took_ms} ms, and was to take {GOAL_MS} at most"
        );
        Ok(())
    }
}
