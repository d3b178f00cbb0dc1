//! The binary `wolo-worker`: serves queues until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use wolo_bootstrap::settings::Layers;
use wolo_bootstrap::telemetry::{self, Format};
use wolo_bootstrap::{Shutdown, traces};

/// After the time that steps are given to end, so that the worker can say which did not.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Lets WOLO's processes run and does what they decide.
#[derive(Parser)]
#[command(name = "wolo-worker", version)]
struct Arguments {
    /// The queues to serve, with commas between them; without it, those of the settings.
    #[arg(long, value_name = "QUEUES")]
    queues: Option<String>,
    /// The settings file; without it, the one that `WOLO_CONFIG` names.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    match serve(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain on one line, and no backtrace: it is for an operator.
            eprintln!("wolo-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Arguments) -> anyhow::Result<()> {
    telemetry::start(Format::from_process()?).context("could not start the log")?;
    let mut layers = Layers::from_process();
    if let Some(file) = arguments.config {
        layers = layers.file(file);
    }
    if let Some(queues) = arguments.queues {
        layers = layers.set("worker.queues", queues);
    }
    let settings = layers.read().context("could not read the settings")?;
    let _traces = traces::start(&settings.telemetry, "wolo-worker").context("could not start traces")?;
    let shutdown = Shutdown::on_signals(settings.worker.shutdown_grace + LAST_WORDS)
        .context("could not watch for signals")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(wolo_worker::run(settings, shutdown));
    // A step that did not end in time is left behind: the engine gives it to another worker.
    runtime.shutdown_background();
    ended.context("the worker does not run")
}
