//! The commands: what can be asked, and nothing about how it is done. One file or folder per command.

mod audit;
mod backup;
mod bench;
mod cases;
mod certificate;
mod completions;
mod config;
mod consents;
mod demo;
mod dev;
mod discrepancies;
mod doctor;
mod export;
mod histories;
mod invitations;
mod ledger;
mod manual;
mod migrate;
mod notices;
mod payouts;
mod people;
mod points;
mod pots;
mod probe;
mod proving;
mod reconcile;
mod refunds;
mod reports;
mod routes;
mod schedules;
mod serve;
mod stats;
mod stuck;
mod sweep;
pub(crate) mod templates;
mod time;
mod tokens;
mod users;
mod vault;
mod verify;
mod workers;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use wolo_providers::cleaning;

pub(crate) use tokens::mint_token;

use crate::system::operator;

/// Birthday pots with Wave: run WOLO on your own machine, and operate it anywhere.
///
/// Commands find the system they speak to by --config, by `WOLO_CONFIG`, by the `WOLO__…` variables, or by a `wolo dev`
/// that is running. Exit codes: 0 done, 1 failed, 2 not understood, 3 refused by the rules.
#[derive(Parser, Debug)]
#[command(name = "wolo", version, max_term_width = 100, propagate_version = false)]
pub(crate) struct Cli {
    /// The settings file of the system to speak to
    #[arg(long, global = true, value_name = "FILE", env = "WOLO_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// A day as people give it on the command line.
fn a_day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "write a day as 2026-11-25".to_owned())
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run all of WOLO on this machine, with Postgres, Temporal and a Wave emulator, until Ctrl-C
    Dev(dev::Dev),
    /// Live through one birthday pot in a minute, and check every franc of it
    Demo(demo::Demo),
    /// Look at pots and decide about them
    #[command(subcommand)]
    Pots(pots::Pots),
    /// Look at payouts, and decide about those that wait for a person
    #[command(subcommand)]
    Payouts(payouts::Payouts),
    /// Look at gifts that go back, and ask again for those that Wave has refused
    #[command(subcommand)]
    Refunds(refunds::Refunds),
    /// Look at the books, and let payouts go on after they were stopped
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Make the pots of those whose birthday comes, and see which days were missed
    #[command(subcommand)]
    Sweep(sweep::Sweep),
    /// Show what does not go on by itself: what it waits for, whose it is, and the command that helps
    Stuck(stuck::Stuck),
    /// Look at processes as the engine remembers them
    #[command(subcommand)]
    Workflows(workflows::Workflows),
    /// Record what processes leave behind, for the replay suite (sandbox only)
    #[command(subcommand)]
    Histories(histories::Histories),
    /// Compare Wave's statement with the books
    #[command(subcommand)]
    Reconcile(reconcile::Reconcile),
    /// Look at what Wave's statement and the books do not say alike, and resolve it
    #[command(subcommand)]
    Discrepancies(discrepancies::Discrepancies),
    /// Look at pots that people report, and say what came of it
    #[command(subcommand)]
    Reports(reports::Reports),
    /// Look at the certificates of settled pots
    #[command(subcommand)]
    Certificate(certificate::Certificates),
    /// Check a pot's certificate, with neither network nor database
    Verify(verify::Verify),
    /// Look at the figures of the business
    Stats(stats::Stats),
    /// Take away what the figures are made of, line by line
    Export(export::Export),
    /// Look at people with accounts, and decide what they may do
    #[command(subcommand)]
    Users(users::Users),
    /// Erase people who ask for it, and give them what is kept about them
    #[command(subcommand)]
    People(people::People),
    /// Look at which guardians were asked, and what they agreed to
    #[command(subcommand)]
    Consents(consents::Consents),
    /// Look into who somebody is: the reviewers' desk
    #[command(subcommand)]
    Cases(cases::Cases),
    /// Look at the vault of documents, and take its keys over to a new one
    #[command(subcommand)]
    Vault(vault::Vault),
    /// Look at who did what here, and whether that was changed afterwards
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Look at invitations, and take one back
    #[command(subcommand)]
    Invitations(invitations::Invitations),
    /// Look at what brought people points, and take back what was not earned
    #[command(subcommand)]
    Points(points::Points),
    /// Look at messages to people
    #[command(subcommand)]
    Notices(notices::Notices),
    /// Look at the words of messages
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Make access tokens
    #[command(subcommand)]
    Tokens(tokens::Tokens),
    /// Look at what starts by itself, and stop, resume or start it
    #[command(subcommand)]
    Schedules(schedules::Schedules),
    /// Look at the builds of workers, and choose the one that carries processes on
    #[command(subcommand)]
    Workers(workers::Workers),
    /// Move a process forward in time (sandbox only)
    #[command(subcommand)]
    Time(time::Time),
    /// Copy everything of WOLO into a folder, and bring it back from one
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Bring the database and the engine's search attributes up to date
    Migrate(migrate::Migrate),
    /// Say whether everything that WOLO needs is there, and what to do if not
    Doctor(doctor::Doctor),
    /// Ask a part of WOLO whether it is ready, for health checks where there is no shell
    Probe(probe::Probe),
    /// List what the API answers, and to whom
    Routes(routes::Routes),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::Config),
    /// Measure WOLO on this machine (build with --release)
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Write the completions of a shell to standard output
    Completions(completions::Completions),
    /// Write the manual pages, one for each command
    Manual(manual::Manual),
    /// Serve one part of WOLO in this process
    #[command(subcommand, hide = true)]
    Serve(serve::Serve),
    /// Clean the document on standard input, as the API has it done
    #[command(name = wolo_api::CLEAN_DOCUMENT, hide = true)]
    CleanDocument,
}

/// Who decides, and why. Both end up in the history of the process.
#[derive(Args, Debug)]
pub(crate) struct Decider {
    /// Why, in your own words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who decides, when it is not the user of this shell
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Decider {
    /// Both, as one line for a place that keeps one.
    fn note(&self) -> Result<String> {
        Ok(format!("{}: {}", operator(self.by.as_deref())?, self.reason))
    }
}

/// How much of a list is shown.
#[derive(Args, Debug)]
pub(crate) struct AtMost {
    /// At most so many
    #[arg(long, default_value_t = 50, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
}

/// How far a list of days goes back.
#[derive(Args, Debug)]
pub(crate) struct LastDays {
    /// So many days, the last first
    #[arg(long, default_value_t = 14, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    days: u32,
}

/// Spares the question before what cannot be taken back.
#[derive(Args, Debug)]
pub(crate) struct Sure {
    /// Do not ask whether you mean it
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    let config = cli.config.as_deref();
    let done = match cli.command {
        // Before anything else: it takes everything from itself that it does not need.
        Command::CleanDocument => return Ok(cleaning::child()),
        Command::Dev(dev) => dev.run(config),
        Command::Demo(demo) => demo.run(),
        Command::Pots(pots) => wait_for(pots.run(config)),
        Command::People(people) => wait_for(people.run(config)),
        Command::Payouts(payouts) => wait_for(payouts.run(config)),
        Command::Refunds(refunds) => wait_for(refunds.run(config)),
        Command::Ledger(ledger) => wait_for(ledger.run(config)),
        Command::Sweep(sweep) => wait_for(sweep.run(config)),
        Command::Stuck(stuck) => wait_for(stuck.run(config)),
        Command::Workflows(workflows) => wait_for(workflows.run(config)),
        Command::Histories(histories) => wait_for(histories.run(config)),
        Command::Reconcile(reconcile) => wait_for(reconcile.run(config)),
        Command::Reports(reports) => wait_for(reports.run(config)),
        Command::Discrepancies(discrepancies) => wait_for(discrepancies.run(config)),
        Command::Certificate(certificate) => wait_for(certificate.run(config)),
        Command::Verify(verify) => verify.run(),
        Command::Stats(stats) => wait_for(stats.run(config)),
        Command::Export(export) => wait_for(export.run(config)),
        Command::Users(users) => wait_for(users.run(config)),
        Command::Invitations(invitations) => wait_for(invitations.run(config)),
        Command::Consents(consents) => wait_for(consents.run(config)),
        Command::Cases(cases) => wait_for(cases.run(config)),
        Command::Vault(vault) => wait_for(vault.run(config)),
        Command::Audit(audit) => wait_for(audit.run(config)),
        Command::Points(points) => wait_for(points.run(config)),
        Command::Notices(notices) => notices.run(config),
        Command::Templates(templates) => wait_for(templates.run(config)),
        Command::Tokens(tokens) => wait_for(tokens.run(config)),
        Command::Workers(workers) => wait_for(workers.run(config)),
        Command::Schedules(schedules) => wait_for(schedules.run(config)),
        Command::Time(time) => wait_for(time.run(config)),
        Command::Backup(backup) => wait_for(backup.run(config)),
        Command::Probe(probe) => wait_for(probe.run()),
        Command::Migrate(migrate) => wait_for(migrate.run(config)),
        Command::Doctor(doctor) => wait_for(doctor.run(config)),
        Command::Routes(routes) => routes.run(),
        Command::Config(settings) => settings.run(config),
        Command::Bench(bench) => bench.run(),
        Command::Completions(completions) => completions.run(),
        Command::Manual(manual) => manual.run(),
        Command::Serve(serve) => serve.run(config),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Runs what only asks: one thread is enough.
fn wait_for<T>(asking: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(asking)
}

type Config<'a> = Option<&'a Path>;
