//! `wolo demo`: one birthday, from the plan to the last franc.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_bootstrap::Shutdown;

use crate::demo;
use crate::local::Log;
use crate::output::Format;

pub(super) use crate::demo::pot_body_example;

/// From Ctrl-C to the end of the process, at the worst.
const END_WITHIN: Duration = Duration::from_secs(20);

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Leave everything up at the end, to look around, until Ctrl-C
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    format: Format,
}

impl Demo {
    pub(super) fn run(&self) -> Result<()> {
        let log = Log::start()?;
        let shutdown = Shutdown::on_signals(END_WITHIN)?;
        let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
        runtime.block_on(demo::tell(self.open, self.format, &log, shutdown))
    }
}
