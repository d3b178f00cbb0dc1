//! `wolo pots`: looking at pots and deciding about them. A decision is asked of the pot's process, which may say no.

mod cancel;
mod close;
mod hold;
mod list;
mod release;
mod restart;
mod show;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use wolo_control::AskError;
use wolo_database::pots::{Hold, Pot};
use wolo_domain::ids::PotId;
use wolo_domain::money::Xof;
use wolo_domain::pots::PotStage;
use wolo_workflows::pot_lifecycle::WishAnswer;

use super::Config;
use crate::failure::refused;
use crate::output::{self, Format, gifts, instant};

#[derive(Subcommand, Debug)]
pub(crate) enum Pots {
    /// List pots, the newest first
    List(list::List),
    /// Show one pot: where it stands, what it waits for, its money
    Show(show::Show),
    /// Close an open pot before its day; it is paid out the day after
    Close(close::Close),
    /// Give up a pot; every gift in it goes back
    Cancel(cancel::Cancel),
    /// Stop a pot, for a moderator to look at it
    Hold(hold::Hold),
    /// Let a pot go on that a moderator has stopped
    Release(release::Release),
    /// Start the process of a pot again that somebody has ended; harmless where it runs
    Restart(restart::Restart),
}

impl Pots {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        match self {
            Self::List(list) => list.run(config).await,
            Self::Show(show) => show.run(config).await,
            Self::Close(close) => close.run(config).await,
            Self::Cancel(cancel) => cancel.run(config).await,
            Self::Hold(hold) => hold.run(config).await,
            Self::Release(release) => release.run(config).await,
            Self::Restart(restart) => restart.run(config).await,
        }
    }
}

/// Which pot is meant.
#[derive(Args, Debug)]
struct Named {
    /// The pot's id, or the last part of its link
    #[arg(value_name = "POT")]
    pot: String,
}

/// A pot in a list, for programs.
#[derive(Debug, Serialize)]
struct Brief {
    id: PotId,
    slug: String,
    stage: PotStage,
    birthday: chrono::NaiveDate,
    given: Xof,
    balance: Xof,
    donations: i64,
    holds: Vec<&'static str>,
}

impl Brief {
    fn of(pot: &Pot) -> Self {
        Self {
            id: pot.id,
            slug: pot.slug.clone(),
            stage: pot.stage,
            birthday: pot.birthday,
            given: pot.totals.given,
            balance: pot.totals.balance,
            donations: pot.totals.donations,
            holds: pot.holds.iter().map(|hold| hold.reason.as_str()).collect(),
        }
    }
}

/// What will be said of a pot before it is asked to end.
fn described(pot: &Pot) -> String {
    format!(
        "{} is {} and holds {} from {}",
        pot.id,
        pot.stage,
        pot.totals.balance,
        gifts(pot.totals.donations)
    )
}

/// What holds a pot, since when, and the note that was left with it.
pub(crate) fn held(hold: &Hold) -> String {
    format!("{} since {}: {}", hold.reason, instant(hold.since), hold.note)
}

/// What to do about a pot that has lost its process.
pub(crate) fn restart_it(pot: PotId) -> String {
    format!("start it again with `wolo pots restart {pot}`")
}

/// The process's answer, as the command's.
fn answered(pot: &Pot, answer: Result<WishAnswer, AskError>, done: &str, format: Format) -> Result<()> {
    let (pot, stage) = (pot.id, pot.stage);
    let answer = match answer {
        Err(AskError::NotFound | AskError::Ended) if stage.has_ended() => {
            return Err(refused(format!("that is not possible: the pot is {stage}")));
        }
        Err(AskError::NotFound | AskError::Ended) => {
            return Err(refused(format!("its process is not there; {}", restart_it(pot))));
        }
        answer => answer.context("the pot's process gave no answer")?,
    };
    match answer {
        WishAnswer::Done if format.json => output::json(&json!({ "pot": pot, "outcome": "done" })),
        WishAnswer::Done => {
            output::say(&format!("{pot} {done}."));
            Ok(())
        }
        WishAnswer::NotPossible { stage: Some(stage) } => {
            Err(refused(format!("that is not possible: the pot is {stage}")))
        }
        WishAnswer::NotPossible { stage: None } => {
            Err(refused("that is not possible: the pot is not written down yet"))
        }
        WishAnswer::GivingBack { count } if format.json => {
            output::json(&json!({ "pot": pot, "outcome": "giving_back", "gifts": count }))
        }
        WishAnswer::GivingBack { count } => {
            output::say(&format!(
                "{pot} is given up: {} paid or under way. It is cancelled when each has gone back or ended unpaid; \
                 `wolo refunds list --pot {pot}` says how far that is.",
                gifts(count)
            ));
            Ok(())
        }
        WishAnswer::NotHeld => Err(refused("no moderator holds it")),
        WishAnswer::NotYours { reason } => {
            Err(refused(format!("nobody decides that by hand: it waits for {}", reason.waits_for())))
        }
    }
}
