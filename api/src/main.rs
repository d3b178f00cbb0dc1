//! The binary `wolo-api`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use wolo_bootstrap::{Settings, Shutdown, telemetry, traces};

/// Serves WOLO's HTTP interface.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A settings file; without it, the one that `WOLO_CONFIG` names.
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Cleans the document on its input, and ends. The API starts it for itself.
    #[command(name = wolo_api::CLEAN_DOCUMENT, hide = true)]
    CleanDocument,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if let Some(Command::CleanDocument) = arguments.command {
        // Before anything is opened or started: whoever looks into a crafted file has nothing at hand.
        return Ok(wolo_providers::cleaning::child());
    }
    serve(arguments.config).map(|()| ExitCode::SUCCESS)
}

fn serve(config: Option<PathBuf>) -> anyhow::Result<()> {
    telemetry::start(telemetry::Format::from_process()?).context("could not start the log")?;
    let settings = Settings::load(config).context("could not read the settings")?;
    let _traces = traces::start(&settings.telemetry, "wolo-api").context("could not start traces")?;
    let shutdown = Shutdown::on_signals(wolo_api::time_to_end(&settings))
        .context("could not watch for signals to stop")?;
    tokio::runtime::Runtime::new()
        .context("could not start the runtime")?
        .block_on(wolo_api::run(settings, shutdown))
        .context("could not serve the API")
}
