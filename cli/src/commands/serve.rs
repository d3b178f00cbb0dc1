//! `wolo serve`: one part of WOLO in this process, as `wolo bench` starts them. Deployments run `wolo-api` and
//! `wolo-worker`, which are the same.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use wolo_bootstrap::{Settings, Shutdown, telemetry, traces};

use super::Config;
use crate::bench;

/// How long a part may take to end after it has been told to, beyond its own grace.
const LIMIT: Duration = Duration::from_secs(15);

#[derive(Subcommand, Debug)]
pub(crate) enum Serve {
    /// The API
    Api,
    /// The worker
    Worker,
    /// A worker for bare processes, which `wolo bench gifts` compares ours with
    BareWorker {
        /// Where it writes which gifts are known
        record: PathBuf,
    },
}

impl Serve {
    pub(super) fn run(self, config: Config<'_>) -> Result<()> {
        telemetry::start(telemetry::Format::from_process()?)?;
        let settings = Settings::load(config.map(ToOwned::to_owned))?;
        let _traces = traces::start(&settings.telemetry, "wolo-serve")?;
        let shutdown = Shutdown::on_signals(LIMIT)?;
        let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
        runtime.block_on(async {
            match self {
                Self::Api => Ok(wolo_api::run(settings, shutdown).await?),
                Self::Worker => Ok(wolo_worker::run(settings, shutdown).await?),
                Self::BareWorker { record } => bench::serve_bare(settings, shutdown, record).await,
            }
        })
    }
}
