//! The log: where it goes, what is in it, and what a panic leaves behind.
//!
//! Everything goes to standard error, because standard output belongs to what a command has to say. Nothing here adds
//! personal data: a panic's message is written only when it is a constant of the program, since a formatted one quotes
//! the values that it failed on.

use std::env;
use std::io::{self, IsTerminal as _};
use std::panic::{self, PanicHookInfo};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::TryInitError;

/// The variable that says what is logged, in the usual directives: `info,wolo_worker=debug`.
pub const FILTER_VARIABLE: &str = "WOLO_LOG";
/// The variable that says how: `human` or `json`. Without it, a terminal gets `human` and anything else `json`.
pub const FORMAT_VARIABLE: &str = "WOLO_LOG_FORMAT";

const DEFAULT_FILTER: &str = "info";

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One line of text, for a person.
    Human,
    /// One JSON object a line, for a machine.
    Json,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("{FILTER_VARIABLE} is not a list of log directives like info,wolo_worker=debug")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    #[error("{FORMAT_VARIABLE} must be human or json")]
    Format,
    #[error("the log has already been started in this process")]
    Started(#[source] TryInitError),
}

impl Format {
    /// What [`FORMAT_VARIABLE`] says, or what suits standard error.
    pub fn from_process() -> Result<Self, TelemetryError> {
        match variable(FORMAT_VARIABLE).as_deref() {
            Some("human") => Ok(Self::Human),
            Some("json") => Ok(Self::Json),
            None => Ok(if io::stderr().is_terminal() { Self::Human } else { Self::Json }),
            Some(_) => Err(TelemetryError::Format),
        }
    }
}

/// Starts the log of this process, once, and makes panics one line of it. Temporal's SDK logs through it too.
pub fn start(format: Format) -> Result<(), TelemetryError> {
    use tracing_subscriber::util::SubscriberInitExt as _;

    let directives = variable(FILTER_VARIABLE);
    let filter = EnvFilter::try_new(directives.as_deref().unwrap_or(DEFAULT_FILTER))
        .map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        Format::Human => lines.with_ansi(io::stderr().is_terminal()).finish().try_init(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).finish().try_init()
        }
    };
    started.map_err(TelemetryError::Started)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Starts the log of this process, once, as text without colours on a writer of the caller's choice: for a program whose
/// standard error belongs to somebody who reads. `filter` is what is logged when [`FILTER_VARIABLE`] is not set.
pub fn start_on<W: io::Write + 'static>(
    filter: &str,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> Result<(), TelemetryError> {
    use tracing_subscriber::util::SubscriberInitExt as _;

    let directives = variable(FILTER_VARIABLE);
    let filter =
        EnvFilter::try_new(directives.as_deref().unwrap_or(filter)).map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer);
    lines.finish().try_init().map_err(TelemetryError::Started)?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A variable that is set to something. One that is not UTF-8 is set to nonsense, which is then refused as such.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name)?.to_string_lossy().trim().to_owned();
    if value.is_empty() { None } else { Some(value) }
}

/// One line, without a backtrace: a workflow that panics is retried for every signal it gets, and full backtraces of
/// that would starve everything else.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = constant_message(info);
    let thread = std::thread::current();
    tracing::error!(place, thread = thread.name().unwrap_or("unnamed"), message, "the program panicked");
}

fn constant_message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload().downcast_ref::<&'static str>().copied().unwrap_or("withheld, as it may quote data")
}
