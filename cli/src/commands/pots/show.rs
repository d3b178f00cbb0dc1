//! `wolo pots show`: what the database knows, and what the process waits for.
//!
//! The two are shown apart, and a process that does not answer is said not to answer: never one for the other.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::json;
use wolo_control::{AskError, Control};
use wolo_database::ledger::Posted;
use wolo_database::pots::Pot;
use wolo_database::{Page, ledger};
use wolo_domain::ledger::Account;
use wolo_domain::money::Xof;
use wolo_domain::pots::PotStage;
use wolo_workflows::ids;
use wolo_workflows::pot_lifecycle::PotState;

use super::{Brief, Named, held, restart_it};
use crate::commands::Config;
use crate::output::{
    self, Fields, Format, Listing, Paint, account, gifts, indented, instant, instant_or_dash, or_dash,
    waiting,
};
use crate::system::{System, named_pot};

/// More than a screen shows; a pot with more gifts is looked at with a program.
const POSTINGS: u32 = 200;

#[derive(Args, Debug)]
pub(crate) struct Show {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    format: Format,
}

impl Show {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let system = System::find(config)?;
        let pool = system.pool().await?;
        let pot = named_pot(&pool, &self.named.pot).await?;
        let postings = ledger::of_pot(&pool, pot.id, Page::first(POSTINGS)).await?;
        let process = ask(&system, &pot).await;
        let page = system.process_page(&ids::pot_lifecycle(pot.id));
        if self.format.json {
            return output::json(&json!({
                "pot": Brief::of(&pot),
                "title": pot.settings.title,
                "target": pot.settings.target,
                "opens_at": pot.opens_at,
                "closes_at": pot.closes_at,
                "closed_at": pot.closed_at,
                "settled_at": pot.settled_at,
                "cancelled_at": pot.cancelled_at,
                "process": process.as_ref().ok(),
                "process_problem": process.as_ref().err(),
                "postings": postings.iter().map(|posted| for_programs(posted, &pot)).collect::<Vec<_>>(),
                "page": page,
            }));
        }
        print(&pot, &postings, process.as_ref(), page);
        Ok(())
    }
}

/// The process's own state, or why it cannot be had, in words.
async fn ask(system: &System, pot: &Pot) -> Result<PotState, String> {
    let in_words = |error| match error {
        AskError::NotFound => "the engine does not remember it".to_owned(),
        error => error.to_string(),
    };
    let question = async |control: &Control| {
        // An ended process would answer with what it once waited for.
        if !pot.stage.has_ended() && !control.pot_runs(pot.id).await.map_err(in_words)? {
            return Err(format!("it is not there; {}", restart_it(pot.id)));
        }
        control.pot_state(pot.id).await.map_err(in_words)
    };
    system.ask(question).await
}

fn print(pot: &Pot, postings: &[Posted], process: Result<&PotState, &String>, page: Option<String>) {
    let paint = Paint::for_stdout();
    let mut fields = Fields::new();
    fields.field("pot", pot.id);
    fields.field("title", &pot.settings.title);
    fields.field("stage", pot.stage);
    fields.field("owner", pot.owner);
    fields.field("link ends in", &pot.slug);
    fields.field("birthday", pot.birthday);
    fields.field("opens", instant(pot.opens_at));
    fields.field("closes", instant(pot.closes_at));
    fields.field("closed", instant_or_dash(pot.closed_at));
    fields.field("settled", instant_or_dash(pot.settled_at));
    if pot.cancelled_at.is_some() {
        fields.field("cancelled", instant_or_dash(pot.cancelled_at));
    }
    fields.field(
        "given",
        format!("{} of {} in {}", pot.totals.given, pot.settings.target, gifts(pot.totals.donations)),
    );
    fields.field("holds now", pot.totals.balance);
    for hold in &pot.holds {
        fields.field("held by", held(hold));
    }
    fields.field(
        "its process",
        match process {
            _ if pot.stage.has_ended() => "has ended".to_owned(),
            Ok(state) if pot.stage == PotStage::PayingOut => {
                format!("waits for {}; `wolo payouts show {}` says more", state.waits_for, pot.id)
            }
            Ok(state) => format!("waits for {}", waiting(&state.waits_for, state.waits_until)),
            Err(why) => format!("gives no answer: {why}"),
        },
    );
    if let Some(page) = page {
        fields.field("page", page);
    }
    output::say(&fields.text());
    if postings.is_empty() {
        return;
    }
    let mut listing = Listing::new(["POSTED", "WHAT", "AMOUNT", "FROM OR TO", "WAVE"]).right(2);
    for posted in postings {
        listing.row([
            instant(posted.posted_at),
            posted.kind.to_string(),
            change(posted, pot).to_string(),
            counterparts(posted, pot, account),
            or_dash(posted.wave_id.as_deref()),
        ]);
    }
    output::say(&format!("\n{}\n{}", paint.bold("In the ledger"), indented(&listing.text(), 2)));
    if has_been_moved(pot, Utc::now()) {
        output::say(
            "  Time has been moved for this pot; the ledger keeps the real time at which it was posted.",
        );
    }
}

/// Something has happened to it at a time that has not come.
fn has_been_moved(pot: &Pot, now: DateTime<Utc>) -> bool {
    let moments = [pot.opened_at, pot.closed_at, pot.settled_at];
    moments.into_iter().flatten().any(|moment| moment > now)
}

fn for_programs(posted: &Posted, pot: &Pot) -> serde_json::Value {
    json!({
        "kind": posted.kind,
        "business_key": posted.business_key,
        "amount": change(posted, pot),
        "counterpart": counterparts(posted, pot, |account| account.to_string()),
        "wave_id": posted.wave_id,
        "posted_at": posted.posted_at,
    })
}

/// What a posting changed for the pot.
fn change(posted: &Posted, pot: &Pot) -> Xof {
    posted
        .entries
        .iter()
        .filter(|entry| entry.account == Account::Pot(pot.id))
        .map(|entry| entry.amount)
        .sum()
}

fn counterparts(posted: &Posted, pot: &Pot, named: impl Fn(Account) -> String) -> String {
    let others = posted.entries.iter().filter(|entry| entry.account != Account::Pot(pot.id));
    others.map(|entry| named(entry.account)).collect::<Vec<_>>().join(", ")
}
