//! `wolo dev`: the whole of WOLO while somebody works on it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use wolo_bootstrap::Shutdown;
use wolo_database::people::{self, User};
use wolo_domain::ids::UserId;
use wolo_domain::people::BirthDate;
use wolo_sandbox::wave::Retry;

use super::Config;
use crate::failure::refused;
use crate::local::{Local, Log, Options, Ports, Where, dev_file, usual_folder};
use crate::output::{self, Fields, Paint, Progress, indented};

/// From Ctrl-C to the end of the process, at the worst.
const END_WITHIN: Duration = Duration::from_secs(20);
/// A token for trying things out should survive lunch.
const TOKEN: Duration = Duration::from_hours(12);

/// The owner of the token that is shown: the same in every world, so that a kept one has her once.
const OWNER: uuid::Uuid = uuid::Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0a0a);

#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Keep the data in this folder (or in the usual one) and go on with it next time
    #[arg(long, value_name = "FOLDER", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "not kept, kept in the usual folder, kept in this one")]
    keep: Option<Option<PathBuf>>,
    /// Where the API listens; 0 chooses a free port
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
        let shutdown = Shutdown::on_signals(END_WITHIN)?;
        let runtime = tokio::runtime::Runtime::new().context("there is no runtime")?;
        runtime.block_on(self.serve(&log, shutdown))
    }

    async fn serve(self, log: &Log, shutdown: Shutdown) -> Result<()> {
        let mut announced = dev_file::take()?;
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
            settings: Vec::new(),
            parts: Where::Inside,
        };
        let local = tokio::select! {
            local = Local::start(options) => local?,
            // What has been started ends with this process.
            () = shutdown.begun() => return Ok(()),
        };
        log.write_to(&local.addresses.logs.join("wolo.log"))?;
        let served = follow(local, &mut announced, log, shutdown, starting, kept).await;
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
        let token = owner_token(&local).await?;
        drop(starting);
        output::say(&screen(&local, &token, kept));
        anyhow::Ok(())
    };
    let mut outcome = welcome.await;
    if outcome.is_ok() {
        log.follow();
        outcome = until_told(&mut local, &shutdown).await;
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
                if let Some(error) = local.parts.ended().await {
                    return Err(error);
                }
            }
        }
    }
}

async fn owner_token(local: &Local) -> Result<String> {
    let owner = UserId::from_uuid(OWNER);
    let pool = local.pool(1).await?;
    let born = chrono::NaiveDate::from_ymd_opt(1999, 12, 31).context("a date")?;
    let phone = Some("+221771234567".parse()?);
    let user = User {
        id: owner,
        name: "Awa Ndiaye".to_owned(),
        birth_date: BirthDate::new(born),
        phone,
        email: None,
    };
    people::add_user(&pool, &user).await?;
    pool.close().await;
    super::token::mint_token(&local.settings.tokens, owner, TOKEN)
}

fn screen(local: &Local, token: &str, kept: bool) -> String {
    let paint = Paint::for_stdout();
    let at = &local.addresses;
    let mut fields = Fields::new();
    fields.field("API", &at.api);
    fields.field("Temporal UI", &at.temporal_ui);
    fields.field("Wave emulator", format!("{}/_sandbox/", at.wave));
    fields.field("Postgres", &at.postgres);
    fields.field("Temporal", &at.temporal);
    fields.field("logs", at.logs.display());
    fields.field(
        "data",
        if kept { "kept in the same folder" } else { "gone when this ends (--keep keeps it)" },
    );
    let example = format!(
        "curl -s {}/api/pots -H 'authorization: Bearer {token}' \\\n     -H 'content-type: application/json' \
         -H 'idempotency-key: first-pot' \\\n     -d '{}'",
        at.api,
        super::demo::pot_body_example(),
    );
    format!(
        "\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n\n{}\n",
        paint.heading("WOLO is up."),
        indented(&fields.text(), 2),
        paint.bold("Make a pot as Awa (her token is good for twelve hours)"),
        indented(&example, 2),
        paint.bold("Then, in another terminal"),
        indented("wolo pots list\nwolo time forward POT 10d", 2),
        paint.faint("What follows is the log. Ctrl-C ends everything."),
    )
}
