//! The binary `wolo-api`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use wolo_bootstrap::{Settings, Shutdown, telemetry};

/// Serves WOLO's HTTP interface.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A settings file; without it, the one that `WOLO_CONFIG` names.
    #[arg(long)]
    config: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    telemetry::start(telemetry::Format::from_process()?).context("could not start the log")?;
    let settings = Settings::load(arguments.config).context("could not read the settings")?;
    let shutdown = Shutdown::on_signals(wolo_api::time_to_end(&settings))
        .context("could not watch for signals to stop")?;
    tokio::runtime::Runtime::new()
        .context("could not start the runtime")?
        .block_on(wolo_api::run(settings, shutdown))
        .context("could not serve the API")
}
