//! `wolo dev`: the whole of WOLO while somebody works on it.

mod welcome;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use wolo_bootstrap::{Settings, Shutdown, traces};
use wolo_sandbox::wave::Retry;

use super::Config;
use crate::failure::refused;
use crate::local::{Local, Log, Options, Ports, Where, dev_file, usual_folder};
use crate::output::{self, Progress};

/// From Ctrl-C to the end of the process, at the worst.
const END_WITHIN: Duration = Duration::from_secs(20);

#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Keep the data in this folder (or in the usual one) and go on with it next time
    #[arg(long, value_name = "FOLDER", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "not kept, kept in the usual folder, kept in this one")]
    keep: Option<Option<PathBuf>>,
    /// Where the API listens; 0 chooses a free port (in a kept world, the one it had)
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    api_port: u16,
    /// Where Temporal listens, instead of a free port
    #[arg(long, value_name = "PORT")]
    temporal_port: Option<u16>,
    /// Where Temporal's pages are, instead of a free port
    #[arg(long, value_name = "PORT")]
    ui_port: Option<u16>,
    /// Where the Wave emulator listens, instead of a free port
    #[arg(long, value_name = "PORT")]
    wave_port: Option<u16>,
    /// Where Postgres listens, instead of a free port
    #[arg(long, value_name = "PORT")]
    postgres_port: Option<u16>,
}

impl Dev {
    pub(super) fn run(self, config: Config<'_>) -> Result<()> {
        if config.is_some() {
            return Err(refused(
                "`wolo dev` makes its own settings: it takes no --config and no WOLO_CONFIG",
            ));
        }
        let log = Log::start()?;
        // What is wrong with this shell's settings is said when the world is made with them.
        let settings = Settings::load(None).ok();
        let _traces = settings.map(|settings| traces::start(&settings.telemetry, "wolo-dev")).transpose()?;
        let shutdown = Shutdown::on_signals(END_WITHIN)?;
        let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
        runtime.block_on(self.serve(&log, shutdown))
    }

    async fn serve(self, log: &Log, shutdown: Shutdown) -> Result<()> {
        let mut announced = dev_file::take()?;
        expect_free(self.api_port)?;
        let starting = Progress::spinning("Postgres, Temporal, Wave and WOLO are coming up");
        let keep = self.keep.map(|folder| folder.unwrap_or_else(usual_folder));
        let kept = keep.is_some();
        let options = Options {
            keep,
            ports: Ports {
                api: Some(self.api_port),
                temporal: self.temporal_port,
                temporal_ui: self.ui_port,
                wave: self.wave_port,
                postgres: self.postgres_port,
            },
            opening_balance: 1_000_000,
            webhook_retry: Retry::default(),
            redis: true,
            settings: Vec::new(),
            parts: Where::Inside,
        };
        let local = tokio::select! {
            local = Local::start(options) => local?,
            // What has been started ends with this process.
            () = shutdown.begun() => return Ok(()),
        };
        log.write_to(&local.addresses.logs.join("wolo.log"))?;
        let served = Box::pin(follow(local, &mut announced, log, shutdown, starting, kept)).await;
        drop(announced);
        served
    }
}

async fn follow(
    mut local: Local,
    announced: &mut dev_file::Announced,
    log: &Log,
    shutdown: Shutdown,
    starting: Progress,
    kept: bool,
) -> Result<()> {
    let welcome = async {
        announced.say(&local.addresses)?;
        let screen = welcome::screen(&local, kept).await?;
        drop(starting);
        output::say(&screen);
        anyhow::Ok(())
    };
    let mut outcome = welcome.await;
    if outcome.is_ok() {
        log.follow();
        outcome = until_told(&mut local, &shutdown).await;
        if kept {
            let logs = local.addresses.logs.display();
            outcome = outcome.with_context(|| format!("WOLO cannot go on (its logs are in {logs})"));
        }
    }
    shutdown.begin();
    let ended = local.shutdown().await;
    outcome.and(ended)
}

/// Waits for Ctrl-C, or for the end of something that should not end.
async fn until_told(local: &mut Local, shutdown: &Shutdown) -> Result<()> {
    let mut look = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            () = shutdown.begun() => return Ok(()),
            _ = look.tick() => {
                if let Some(error) = local.world.died() {
                    return Err(error.into());
                }
                if let Some(error) = local.parts.ended().await {
                    return Err(error);
                }
            }
        }
    }
}

/// Looked at before anything is started, because this is the port that is asked for when nobody has said one.
fn expect_free(port: u16) -> Result<()> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            bail!("port {port} is taken by another program: say another with --api-port (0 takes a free one)")
        }
        // Whatever else may be in the way is said by whoever listens there.
        Ok(_) | Err(_) => Ok(()),
    }
}
