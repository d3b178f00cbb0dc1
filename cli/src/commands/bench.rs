//! `wolo bench`: figures of this machine.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use crate::bench::{self, Crowd, Load, Morning, Pace, Statement};
use crate::output::Format;

#[derive(Subcommand, Debug)]
pub(crate) enum Bench {
    /// Drive the API, and compare it with pgbench that runs the same statements on the same Postgres
    ///
    /// Ends with exit code 1, and names the goal, when one is missed or an answer was not the right one.
    Api(Api),
    /// Give many gifts, and compare them with bare processes of the same shape on the same engine
    ///
    /// Ends with exit code 1, and names the goal, when one is missed.
    Gifts(Gifts),
    /// Ask for the page of a pot that very many have given to, at a steady rate
    ///
    /// Ends with exit code 1, and names the goal, when one is missed.
    Page(Page),
    /// Compare a day of Wave's statement, with differences of every kind planted in it, and see that each is told as what it is
    Reconcile(Reconcile),
    /// Start everything, and weigh it while nothing happens
    ///
    /// Ends with exit code 1, and names the goal, when one is missed.
    Start(Start),
    /// Find whom the sweep of a day makes pots for, among very many people
    ///
    /// Ends with exit code 1, and names the goal, when one is missed.
    Sweep(Sweep),
    /// Wish very many a happy birthday, and see that gifts beside it are hardly slower
    ///
    /// Ends with exit code 1, and names the goal, when one is missed or somebody was not wished well exactly once.
    Wishes(Wishes),
    /// Make messages out of their templates, on one core
    ///
    /// Ends with exit code 1, and names the goal, when one is missed.
    Words(Words),
}

#[derive(Args, Debug)]
pub(crate) struct Api {
    /// Seconds for each route and each of the two, in every round
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Connections, each with one request under way
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// Rounds of each kind; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Gifts {
    /// Gifts in a round
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Gifts under way at once
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    concurrency: u32,
    /// Rounds of each kind; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Page {
    /// Gifts in the pot
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    gifts: u32,
    /// Requests each second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// For so many seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Reconcile {
    /// Lines in the statement
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    lines: u32,
    /// Differences among them; some take two lines, and what is missing none
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    differences: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Start {
    /// How often; medians are shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Sweep {
    /// People with accounts; one in 365 celebrates on the day
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    people: u32,
    /// Rounds; the median is shown
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Make their pots too, by a worker and an engine of their own, and see that each person has one
    #[arg(long)]
    pots: bool,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Wishes {
    /// People who have their birthday
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Gifts that others give meanwhile, in a minute
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=6_000))]
    gifts: u32,
    /// Seconds for which gifts are given alone, to compare with
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    quiet: u32,
    #[command(flatten)]
    format: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Words {
    /// Messages for each channel
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    count: u32,
    #[command(flatten)]
    format: Format,
}

impl Bench {
    pub(super) fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
        runtime.block_on(async {
            match self {
                Self::Api(Api { seconds, concurrency, rounds, format }) => {
                    Box::pin(bench::api(Pace { seconds, concurrency, rounds }, format)).await
                }
                Self::Gifts(Gifts { count, concurrency, rounds, format }) => {
                    Box::pin(bench::gifts(Load { count, concurrency, rounds }, format)).await
                }
                Self::Page(Page { gifts, rate, seconds, format }) => {
                    Box::pin(bench::page(Crowd { gifts, rate, seconds }, format)).await
                }
                Self::Reconcile(Reconcile { lines, differences, format }) => {
                    Box::pin(bench::reconcile(Statement { lines, differences }, format)).await
                }
                Self::Start(Start { rounds, format }) => bench::start(rounds, format).await,
                Self::Sweep(Sweep { people, rounds, pots, format }) => {
                    Box::pin(bench::sweep(people, rounds, pots, format)).await
                }
                Self::Wishes(Wishes { count, gifts, quiet, format }) => {
                    let morning = Morning { wishes: count, gifts_a_minute: gifts, quiet_seconds: quiet };
                    Box::pin(bench::wishes(morning, format)).await
                }
                Self::Words(Words { count, format }) => bench::words(count, format),
            }
        })
    }
}
