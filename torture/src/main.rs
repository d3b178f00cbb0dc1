//! The command `torture`.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};
use wolo_bootstrap::{Settings, Shutdown, telemetry};
use wolo_torture::report::Report;
use wolo_torture::tiers::{self, Storm};

/// How long a part may take to end after it has been told to, beyond its own grace.
const LIMIT: Duration = Duration::from_secs(8);

/// Kills WOLO's processes where it hurts, and looks whether money was lost, moved twice, or is stuck.
///
/// Prints one line of JSON. Ends with 1 if anything was found.
#[derive(Parser)]
#[command(name = "torture", version)]
struct Arguments {
    /// Makes the choices of an earlier run again
    #[arg(long, global = true)]
    seed: Option<u64>,
    #[command(subcommand)]
    run: Run,
}

#[derive(Subcommand)]
enum Run {
    /// Every boundary of gifts, refunds and payouts, and some of the others by the seed, one death each
    Fast,
    /// Every boundary of every step, one death each
    Every {
        /// Only boundaries whose name holds this, such as `payouts.send k5`
        #[arg(long)]
        only: Option<String>,
    },
    /// Everything at any time, until so many processes have died
    Long {
        #[arg(long, default_value_t = 2_000)]
        kills: u64,
    },
    /// Payouts whose replies are lost
    Payouts {
        #[arg(long, default_value_t = 1_000)]
        count: usize,
    },
    /// Every webhook many times over, in any order
    Deliveries {
        #[arg(long, default_value_t = 1_000)]
        events: usize,
        #[arg(long, default_value_t = 100)]
        times: usize,
        /// How often an API dies meanwhile
        #[arg(long, default_value_t = 2)]
        kills: u64,
    },
    /// Messages with faults on their way, while people say STOP
    Messages {
        #[arg(long, default_value_t = 10_000)]
        count: usize,
    },
    /// The engine forgets what came after an earlier hour
    Rollback {
        #[arg(long, default_value_t = 20)]
        tries: u64,
    },
    /// The boundaries there are, one a line
    Boundaries,
    /// One part of WOLO in this process
    #[command(hide = true, subcommand)]
    Serve(Serve),
}

#[derive(Subcommand)]
enum Serve {
    Api,
    Worker,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("torture: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    match arguments.run {
        Run::Serve(part) => part.run().map(|()| ExitCode::SUCCESS),
        Run::Boundaries => {
            let mut out = std::io::stdout().lock();
            for boundary in wolo_torture::boundaries::all() {
                writeln!(out, "{}", boundary.name)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Run::Long { kills } => print(&act(seed, tiers::long(seed, kills))?),
        Run::Payouts { count } => print(&act(seed, tiers::payouts(seed, count))?),
        Run::Deliveries { events, times, kills } => {
            print(&act(seed, tiers::deliveries(seed, Storm { events, times, kills }))?)
        }
        Run::Messages { count } => print(&act(seed, tiers::messages(seed, count))?),
        Run::Rollback { tries } => print(&act(seed, tiers::rollback(seed, tries))?),
        Run::Fast => print(&act(seed, tiers::fast(seed))?),
        Run::Every { only } => print(&act(seed, tiers::every(seed, only.as_deref()))?),
    }
}

fn act(seed: u64, run: impl Future<Output = Result<Report>>) -> Result<Report> {
    if !wolo_faultpoints::ARMED {
        bail!("this was built without fault points: cargo run -p wolo-torture --features faultpoints -- …");
    }
    eprintln!("seed {seed}");
    tokio::runtime::Runtime::new().context("there is no runtime")?.block_on(run)
}

fn print(report: &Report) -> Result<ExitCode> {
    for words in &report.found {
        eprintln!("found: {words}");
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(report)?)?;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Serve {
    fn run(self) -> Result<()> {
        telemetry::start(telemetry::Format::from_process()?)?;
        let settings = Settings::load(None)?;
        let shutdown = Shutdown::on_signals(LIMIT)?;
        let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
        runtime.block_on(async {
            match self {
                Self::Api => Ok(wolo_api::run(settings, shutdown).await?),
                Self::Worker => Ok(wolo_worker::run(settings, shutdown).await?),
            }
        })
    }
}
