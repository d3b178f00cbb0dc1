//! One birthday pot, lived through in a minute: everything is real but the days, which are skipped, and the money.
//!
//! The story speaks to the API over HTTP and to Wave's pay pages, like people do, and moves time as `wolo time` does.
//! It believes nothing that it is told: at its end every figure is compared with Wave's own book. It waits for facts,
//! never for time.

mod checks;
mod friends;
mod guardian;
mod invitation;
mod ledger;
mod minor;
mod phone;
mod story;
mod teller;
mod wave_book;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use wolo_bootstrap::Shutdown;
use wolo_sandbox::wave::Retry;

use crate::local::{Local, Log, Options, Ports, Where, dev_file};
use crate::output::{self, Format, Progress};
pub(crate) use friends::{Api, Card, Made, Newcomer, pot_body_example};
use story::Story;
use teller::Teller;

/// What WOLO has in its wallet before the first gift: it bears the fee of the payout itself.
const OPENING_BALANCE: i64 = 50_000;

/// Starts the world, tells the story, and ends the world.
pub(crate) async fn tell(open: bool, format: Format, log: &Log, shutdown: Shutdown) -> Result<()> {
    let teller = Teller::new(format);
    let began = Instant::now();
    teller.title();
    let starting = Progress::spinning("the world comes up");
    let options = Options {
        keep: None,
        ports: Ports::default(),
        opening_balance: OPENING_BALANCE,
        webhook_retry: Retry { first: Duration::from_millis(200), ..Retry::default() },
        redis: false,
        // A person would wait a minute here and there; a story does not.
        settings: vec![
            ("rules.payout_recheck_seconds", "1".to_owned()),
            ("rules.payout_retry_seconds", "1".to_owned()),
        ],
        parts: Where::Inside,
    };
    let local = tokio::select! {
        local = Local::start(options) => local?,
        () = shutdown.begun() => bail!("the story was interrupted before it began"),
    };
    drop(starting);
    log.write_to(&local.addresses.logs.join("wolo.log"))?;
    teller.world(&local.addresses, began.elapsed());

    let told = tokio::select! {
        told = live(&local, teller, format, began) => told,
        () = shutdown.begun() => Err(anyhow::anyhow!("the story was interrupted")),
    };
    let told = match told {
        Ok(agreed) => {
            if open {
                stay_open(&local, &shutdown).await?;
            }
            Ok(agreed)
        }
        Err(error) => {
            show_last_lines(&local);
            Err(error.context("the story could not be told to its end"))
        }
    };
    shutdown.begin();
    let ended = local.shutdown().await;
    if !told? {
        bail!("some figures do not agree");
    }
    ended
}

/// Whether every figure agrees.
async fn live(local: &Local, teller: Teller, format: Format, began: Instant) -> Result<bool> {
    let mut story = Story::begin(local, teller).await?;
    story.awa_is_invited().await?;
    story.ten_days_pass().await?;
    story.five_friends_give().await?;
    story.the_birthday_passes().await?;
    story.the_pot_is_paid_out().await?;
    let figures = story.the_books_are_compared().await?;
    story.anybody_can_check_it().await?;
    story.coumbas_points_have_matured().await?;
    story.a_minor_is_answered_for().await?;
    let pot = story.pot();
    let checks = story.checks();
    let page = crate::system::process_page(&local.settings, &wolo_workflows::ids::pot_lifecycle(pot));
    let agreed = checks.all_agree();
    if format.json {
        output::json(&json!({
            "ok": agreed,
            "pot": pot,
            "seconds": began.elapsed().as_secs(),
            "figures": figures,
            "checks": checks.all(),
            "page": page,
        }))?;
    } else {
        teller.end(&checks, page.as_deref(), began.elapsed());
    }
    Ok(agreed)
}

/// Leaves the world up, for the other commands too, until somebody ends it.
async fn stay_open(local: &Local, shutdown: &Shutdown) -> Result<()> {
    // Another world may be the one that commands find; this one is still there to look at.
    if let Ok(mut announced) = dev_file::take() {
        announced.say(&local.addresses)?;
        eprintln!("The world stays up until Ctrl-C; `wolo pots list` finds it.");
        shutdown.begun().await;
    } else {
        eprintln!("The world stays up until Ctrl-C.");
        shutdown.begun().await;
    }
    Ok(())
}

/// The log goes with the world, so a story that fails shows its end.
fn show_last_lines(local: &Local) {
    let log = std::fs::read_to_string(local.addresses.logs.join("wolo.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    eprintln!("The log ends with:");
    for line in &lines[lines.len().saturating_sub(15)..] {
        eprintln!("  {line}");
    }
}

/// Looks again and again until there is an answer, or it has taken too long.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    const LIMIT: Duration = Duration::from_secs(40);
    const SOON: Duration = Duration::from_millis(50);
    let began = Instant::now();
    loop {
        if let Some(found) = look().await.with_context(|| format!("waiting until {what}"))? {
            return Ok(found);
        }
        if began.elapsed() > LIMIT {
            bail!("after {} s still waiting until {what}", LIMIT.as_secs());
        }
        tokio::time::sleep(SOON).await;
    }
}
