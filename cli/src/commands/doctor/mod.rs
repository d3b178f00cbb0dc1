//! `wolo doctor`: looks at everything that WOLO stands on, a line each, and says what to do. It changes nothing, and
//! fetches no tool that is missing.

mod birthdays;
mod books;
mod closures;
mod gifts;
mod histories;
mod invitations;
mod late;
mod minors;
mod payouts;
mod pots;
mod schedules;

use std::collections::HashSet;
use std::hash::Hash;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use wolo_bootstrap::{Settings, temporal};
use wolo_control::queues::Work;
use wolo_control::{AskError, Control};
use wolo_database::Pool;
use wolo_providers::http::Timeouts;
use wolo_providers::wave::{Wave, WaveAccess};
use wolo_sandbox::tools::{Places, PostgresTools, TemporalTool};
use wolo_workflows::queues;

use crate::commands::Config;
use crate::output::{self, Format, Paint, Progress};
use crate::system::System;

const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    format: Format,
}

/// What one look found.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    ok: bool,
    /// What was found, or what is wrong and what to do about it.
    words: String,
}

impl Finding {
    fn of(what: &str, found: Result<String>, otherwise: &str) -> Self {
        match found {
            Ok(words) => Self { what: what.to_owned(), ok: true, words },
            Err(error) => {
                let words =
                    if otherwise.is_empty() { error.to_string() } else { format!("{error}: {otherwise}") };
                Self { what: what.to_owned(), ok: false, words }
            }
        }
    }
}

impl Doctor {
    pub(super) async fn run(self, config: Config<'_>) -> Result<()> {
        let looking = Progress::spinning("looking");
        let mut findings = tools().await;
        match System::find(config) {
            Err(error) => findings.push(Finding::of("settings", Err(error), "")),
            Ok(system) => {
                let whose = match &system.dev {
                    Some(dev) => format!("valid, of the `wolo dev` that runs as process {}", dev.pid),
                    None => "valid".to_owned(),
                };
                findings.push(Finding::of("settings", Ok(whose), ""));
                findings.extend(services(&system.settings).await);
            }
        }
        drop(looking);
        let wrong = findings.iter().filter(|finding| !finding.ok).count();
        if self.format.json {
            output::json(&findings)?;
        } else {
            show(&findings);
        }
        match wrong {
            0 => Ok(()),
            1 => bail!("one thing is not as it should be"),
            count => bail!("{count} things are not as they should be"),
        }
    }
}

fn show(findings: &[Finding]) {
    let paint = Paint::for_stdout();
    for finding in findings {
        let mark = if finding.ok { paint.good("✓") } else { paint.bad("✗") };
        output::say(&format!("{mark} {:<14} {}", finding.what, finding.words));
    }
}

async fn tools() -> Vec<Finding> {
    // A diagnosis does not download two hundred megabytes.
    let places = Places { fetch: false, ..Places::here() };
    let (postgres, engine) = tokio::join!(PostgresTools::find(&places, None), TemporalTool::find(&places));
    let postgres = postgres.map(|found| format!("version {} in {}", found.major, found.folder.display()));
    let engine = engine.map(|found| found.program.display().to_string());
    let fetched = "`wolo dev` fetches it when it is first needed";
    vec![
        Finding::of("Postgres tool", postgres.map_err(|_| anyhow::anyhow!("not found here")), fetched),
        Finding::of("Temporal tool", engine.map_err(|_| anyhow::anyhow!("not found here")), fetched),
    ]
}

async fn services(settings: &Settings) -> Vec<Finding> {
    let start = "start `wolo dev`, or say with --config which system you mean";
    let pool = wolo_database::connect_later(settings.database.url.expose_secret(), 1);
    let (database, redis, wave, engine) = tokio::join!(
        database(pool.as_ref()),
        redis(settings),
        wave(settings),
        temporal::connect(&settings.temporal)
    );
    let mut findings = vec![
        Finding::of("Postgres", database, start),
        Finding::of("Redis", redis, "see redis.url; until then each process counts its limits alone"),
        Finding::of("Wave", wave, "see wave.url and wave.api_key"),
    ];
    // A database that cannot be named has been told of already.
    if let Ok(pool) = &pool {
        findings.push(Finding::of("books", books::books(pool, settings).await, ""));
        findings.push(Finding::of("birthdays", birthdays::birthdays(pool, settings).await, ""));
        let sponsored = invitations::invitations(pool, settings).await;
        findings.push(Finding::of("invitations", sponsored, ""));
        findings.push(Finding::of("consents", minors::consents(pool, settings).await, ""));
        findings.push(Finding::of("cases", minors::cases(pool, settings).await, ""));
        findings.push(Finding::of("payouts", payouts::answered_for(pool).await, ""));
        findings.push(Finding::of("punctuality", late::steps(pool, settings).await, ""));
        findings.push(Finding::of("histories", histories::archived(pool).await, ""));
    }
    match engine {
        Err(error) => findings.push(Finding::of("Temporal", Err(error.into()), start)),
        Ok(client) => {
            findings.push(Finding::of(
                "Temporal",
                Ok(format!("answers at {}", settings.temporal.address)),
                "",
            ));
            let control = Control::new(client);
            for queue in queues::ALL {
                let polled = polled(&control, queue).await;
                findings.push(Finding::of(
                    &format!("queue {queue}"),
                    polled,
                    "start a worker that serves it",
                ));
            }
            findings.push(Finding::of("schedules", schedules::schedules(&control).await, ""));
            if let Ok(pool) = &pool {
                findings.push(Finding::of("pots", pots::processes(pool, &control).await, ""));
                let gifts = gifts::processes(pool, &control, settings).await;
                findings.push(Finding::of("gifts", gifts, ""));
                let asked = invitations::processes(pool, &control).await;
                findings.push(Finding::of("invitations", asked, ""));
                let of_minors = minors::processes_of_consents(pool, &control).await;
                findings.push(Finding::of("consents", of_minors, ""));
                findings.push(Finding::of("cases", minors::processes_of_cases(pool, &control).await, ""));
                findings.push(Finding::of("accounts", closures::processes(pool, &control).await, ""));
            }
        }
    }
    findings
}

/// Those of which no process runs. The engine's index is quick and may lag behind, so what it does not name is looked at one by
/// one.
async fn without_process<Id: Copy + Eq + Hash>(
    all: &[Id],
    running: &HashSet<Id>,
    runs: impl AsyncFn(Id) -> Result<bool, AskError>,
) -> Result<Vec<Id>, AskError> {
    let mut without = Vec::new();
    for id in all.iter().copied().filter(|id| !running.contains(id)) {
        if !runs(id).await? {
            without.push(id);
        }
    }
    Ok(without)
}

async fn database(pool: Result<&Pool, &wolo_database::Error>) -> Result<String> {
    let pool = pool.map_err(|error| anyhow::anyhow!("{error}"))?;
    wolo_database::ping(pool).await.context("it does not answer")?;
    // Reads a table, so a database without our tables is noticed too.
    wolo_database::ledger::balances(pool).await.context("it is not migrated (run `wolo migrate`)")?;
    Ok("answers, and has our tables".to_owned())
}

async fn redis(settings: &Settings) -> Result<String> {
    let Some(url) = &settings.redis.url else {
        return Ok("none is set: each process of the API counts its limits alone".to_owned());
    };
    let asked = async {
        let client = redis::Client::open(url.expose_secret())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING").query_async::<()>(&mut connection).await
    };
    tokio::time::timeout(PATIENCE, asked).await.ok().and_then(Result::ok).context("it does not answer")?;
    Ok("answers; the API's processes share their limits".to_owned())
}

async fn wave(settings: &Settings) -> Result<String> {
    let wave = Wave::new(WaveAccess {
        base_url: settings.wave.url.clone(),
        api_key: settings.wave.api_key.clone(),
        signing_secret: settings.wave.signing_secret.clone(),
        timeouts: Timeouts::total(PATIENCE),
        at_once: 1,
        pause: settings.wave.pause,
    })?;
    let balance = wave.balance().await.context("it does not tell our balance")?;
    Ok(format!("answers at {}; the wallet holds {balance}", settings.wave.url))
}

/// Who asks for work on a queue: processes and steps are asked for apart.
async fn polled(control: &Control, queue: &str) -> Result<String> {
    let mut pollers = 0;
    for work in [Work::Processes, Work::Steps] {
        let asked = control.pollers(queue, work).await;
        let here = asked.context("the engine does not say who serves it")?.len();
        if here == 0 {
            bail!("nobody serves it");
        }
        pollers = pollers.max(here);
    }
    Ok(format!("served by {pollers} worker{}", if pollers == 1 { "" } else { "s" }))
}
