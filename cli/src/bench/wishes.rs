//! `wolo bench wishes`: a morning on which very many have their birthday. Each is wished well by WhatsApp, while others give, and gifts
//! are hardly to be slower for it.
//!
//! The people, their pots and what the pots announce are written by a few statements. From there on everything goes its way: the
//! relay begins a process for each wish, which looks how the person can be reached, hands the wish over at the provider's pace,
//! and hears what became of it. Gifts are given at a steady rate, first while nothing else happens and then beside the wishes.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};
use wolo_domain::dakar;
use wolo_domain::pots::Announcement;
use wolo_sandbox::postgres;

use super::giving::{Giver, Giving, Times};
use super::goals::{self, Goal};
use super::report::tenths;
use super::{options, process, sorted, warn_of_debug_build, within};
use crate::local::{Local, Parts};
use crate::output::{self, Format, Progress};

/// Fifty thousand within half an hour.
const WISHES_PER_1000_S_GOAL: u64 = 50_000 * 1_000 / (30 * 60);
/// The slowest of a hundred gifts may take so much longer beside them.
const SLOWER_PERCENT_GOAL: u64 = 25;
/// Gifts under way at once.
const AT_ONCE: usize = 64;
/// For a tenth of the quiet time gifts are given that nobody measures, until pools and caches are warm.
const WARM_UP: u32 = 10;
/// Between two looks at what the provider has taken.
const LOOK: Duration = Duration::from_secs(1);
/// If it has taken nothing for so long, something is broken.
const SILENCE: Duration = Duration::from_mins(2);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Morning {
    pub(crate) wishes: u32,
    pub(crate) gifts_a_minute: u32,
    /// How long gifts are given alone.
    pub(crate) quiet_seconds: u32,
}

/// What was measured of the gifts of one time.
struct Gifts {
    count: usize,
    p50_ms: u64,
    p99_ms: u64,
}

impl Gifts {
    fn of(times: &[Times]) -> Self {
        let took = sorted(times.iter().map(Times::took_us));
        let at = |percent| within(&took, percent) / 1_000;
        Self { count: took.len(), p50_ms: at(50), p99_ms: at(99) }
    }

    fn words(&self) -> String {
        let Self { count, p50_ms, p99_ms } = self;
        format!("half of {count} within {p50_ms} ms, 99 of 100 within {p99_ms} ms")
    }
}

struct Measured {
    took_ms: u64,
    alone: Gifts,
    beside: Gifts,
    /// Of the time that the wishes took.
    worker_cpu_ms: u64,
    server_cpu_ms: u64,
}

/// Measures and prints.
pub(crate) async fn wishes(morning: Morning, format: Format) -> Result<()> {
    warn_of_debug_build();
    let wishing = u64::from(morning.wishes) * 1_000 / WISHES_PER_1000_S_GOAL;
    let ends = Utc::now() + Duration::from_secs(2 * (wishing + u64::from(morning.quiet_seconds)));
    ensure!(
        dakar::day_of(ends) == dakar::day_of(Utc::now()),
        "a wish is of no use when its day is over, and this may take until then; begin after midnight"
    );
    let starting = Progress::spinning("the world comes up");
    let local = Local::start(options()?).await?;
    drop(starting);
    let measured = measure(&local, morning).await;
    local.shutdown().await?;
    let Measured { took_ms, alone, beside, worker_cpu_ms, server_cpu_ms } = measured?;
    let Morning { wishes, gifts_a_minute, .. } = morning;
    let rate = u64::from(wishes) * 1_000_000 / took_ms.max(1);
    let slower_percent = (beside.p99_ms * 100 / alone.p99_ms.max(1)).saturating_sub(100);
    let goals = [
        Goal {
            name: format!("{wishes} wishes, taken by WhatsApp"),
            found: format!("in {} s, {} each second", took_ms / 1_000, tenths(rate)),
            wanted: format!("at least {} each second", tenths(WISHES_PER_1000_S_GOAL)),
            ok: rate >= WISHES_PER_1000_S_GOAL,
        },
        Goal {
            name: format!("{gifts_a_minute} gifts a minute, known in the ledger"),
            found: format!("alone {}; beside the wishes {}", alone.words(), beside.words()),
            wanted: format!("99 of 100 at most {SLOWER_PERCENT_GOAL} % later"),
            ok: slower_percent <= SLOWER_PERCENT_GOAL,
        },
    ];
    if format.json {
        let gifts =
            |gifts: &Gifts| json!({"count": gifts.count, "p50_ms": gifts.p50_ms, "p99_ms": gifts.p99_ms});
        output::json(&json!({
            "wishes": wishes, "took_ms": took_ms, "wishes_per_1000_s": rate, "gifts_a_minute": gifts_a_minute,
            "gifts_alone": gifts(&alone), "gifts_beside": gifts(&beside), "slower_percent": slower_percent,
            "worker_cpu_ms": worker_cpu_ms, "server_cpu_ms": server_cpu_ms,
            "goals": goals, "debug_build": cfg!(debug_assertions),
        }))?;
    } else {
        goals::say(&goals);
        output::say(&format!(
            "CPU for 1,000 wishes and the gifts beside them: worker {} s, Temporal {} s",
            tenths(worker_cpu_ms * 1_000 / u64::from(wishes)),
            tenths(server_cpu_ms * 1_000 / u64::from(wishes)),
        ));
    }
    goals::all_met(&goals)
}

async fn measure(local: &Local, morning: Morning) -> Result<Measured> {
    let Parts::Apart { worker, .. } = &local.parts else {
        bail!("processes of their own are what is measured")
    };
    let fill = async |statements: &str| local.world.postgres.fill(postgres::DATABASE, statements).await;
    let writing = Progress::spinning("the people are written");
    fill(&celebrating(morning.wishes)).await.context("the people could not be written")?;
    drop(writing);
    let giving = Giving::ready(local).await?;
    giving
        .in_a_pot(async |giver| {
            let resting = Progress::spinning("gifts are given alone");
            let quiet = Duration::from_secs(morning.quiet_seconds.into());
            steadily(giver, morning, after(quiet / WARM_UP)).await?;
            let (alone, ()) = steadily(giver, morning, after(quiet)).await?;
            drop(resting);
            let cost =
                || anyhow::Ok((process::cpu_ms(worker.pid())?, process::cpu_ms(local.world.temporal.pid())?));
            let (worker_before, server_before) = cost()?;
            let began = Instant::now();
            fill(&announced()?).await.context("nothing could be announced")?;
            let (beside, took) = steadily(giver, morning, all_taken(local, morning.wishes, began)).await?;
            let (worker_after, server_after) = cost()?;
            Ok(Measured {
                took_ms: u64::try_from(took.as_millis())?,
                alone: Gifts::of(&alone),
                beside: Gifts::of(&beside),
                worker_cpu_ms: worker_after - worker_before,
                server_cpu_ms: server_after - server_before,
            })
        })
        .await
}

async fn after(time: Duration) -> Result<()> {
    tokio::time::sleep(time).await;
    Ok(())
}

/// Gives at the rate of the morning until something has happened.
async fn steadily<T>(
    giver: &Giver<'_>,
    morning: Morning,
    until: impl Future<Output = Result<T>>,
) -> Result<(Vec<Times>, T)> {
    let mut ticks = interval(Duration::from_mins(1) / morning.gifts_a_minute);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    let ticks = stream::unfold(ticks, async |mut ticks| {
        ticks.tick().await;
        Some(((), ticks))
    });
    let gifts =
        Box::pin(ticks).take_until(end).map(|()| giver.give()).buffer_unordered(AT_ONCE).try_collect();
    let until = async {
        let happened = until.await;
        drop(ended);
        happened
    };
    tokio::try_join!(gifts, until)
}

/// Until WhatsApp has taken everybody's wish, each once.
async fn all_taken(local: &Local, wishes: u32, began: Instant) -> Result<Duration> {
    let progress = Progress::counting("wishes", wishes.into());
    let wishes = usize::try_from(wishes)?;
    let taken = || local.world.whatsapp.look(|book| book.messages().len());
    let (mut before, mut since) = (0, Instant::now());
    loop {
        let now = taken();
        progress.to(u64::try_from(now)?);
        if now >= wishes {
            break;
        }
        if now > before {
            (before, since) = (now, Instant::now());
        }
        ensure!(
            since.elapsed() < SILENCE,
            "WhatsApp has {now} of {wishes}, and has been given no more for long"
        );
        tokio::time::sleep(LOOK).await;
    }
    let took = began.elapsed();
    let people = local.world.whatsapp.look(|book| {
        let people: HashSet<&str> = book.messages().iter().map(|message| message.to.as_str()).collect();
        people.len()
    });
    ensure!(people == wishes && taken() == wishes, "{} wishes reached {people} people", taken());
    Ok(took)
}

/// Everybody has a phone, and a pot that was given up since, so that nothing more becomes of it by itself.
fn celebrating(people: u32) -> String {
    format!(
        "begin;
         insert into people.users (user_id, name, birth_date, phone)
         select gen_random_uuid(), 'Personne ' || n, current_date - interval '30 years', '+22177' || lpad(n::text, 7, '0')
         from generate_series(1, {people}) as n;
         insert into pots.pots (
             pot_id, owner_id, title, description, target, visibility, show_donor_names, show_amounts, allow_anonymous,
             allow_messages, surprise, birthday, opens_at, closes_at, stage, cancelling_at, cancelled_at
         )
         select gen_random_uuid(), user_id, 'Fête', '', 25000, 'link', true, true, true, true, false, current_date,
             current_date - 30, current_date + 1, 'cancelled', now(), now()
         from people.users where name like 'Personne %';
         commit;
         analyze people.users, pots.pots;"
    )
}

/// What the pot of each of them announces on its day.
fn announced() -> Result<String> {
    let what = serde_json::to_string(&Announcement::BirthdayWish)?;
    Ok(format!(
        "insert into ops.outbox (outbox_id, topic, business_key, pot_id, payload)
         select gen_random_uuid(), 'pot_announced', pot_id || ':wish', pot_id, '{{\"what\": {what}}}'
         from pots.pots where stage = 'cancelled';"
    ))
}
