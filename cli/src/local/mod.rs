//! All of WOLO on this machine: the outside world of the sandbox, and our own API and worker beside it.
//!
//! `wolo dev`, `wolo demo` and `wolo bench` stand on it. It refuses to start where the settings of this process name
//! a real provider, and it leaves nothing running behind.

mod channels;
pub(crate) mod dev_file;
mod kept_ports;
mod log;
mod parts;
pub(crate) mod search_attributes;
mod secrets;
mod settings_file;

use std::net::TcpListener;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;
use wolo_bootstrap::settings::{Layers, Mode, Settings, SettingsError};
use wolo_bootstrap::temporal;
use wolo_control::Control;
use wolo_database::Pool;
use wolo_sandbox::inbox::Message;
use wolo_sandbox::tools::{Places, RedisTool};
use wolo_sandbox::{Redis, World, folders, ports, postgres, social, temporal as engine, wave, world};

use crate::failure::refused;
pub(crate) use dev_file::Addresses;
pub(crate) use log::Log;
pub(crate) use parts::{Parts, Where};
use secrets::Secrets;

/// As the migrations name them: each program connects as its own role.
const WORKER_ROLE: &str = "wolo_worker";
pub(crate) const API_ROLE: &str = "wolo_api";

/// Where things listen; what is absent is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) api: Option<u16>,
    pub(crate) temporal: Option<u16>,
    pub(crate) temporal_ui: Option<u16>,
    pub(crate) wave: Option<u16>,
    pub(crate) postgres: Option<u16>,
}

#[derive(Debug)]
pub(crate) struct Options {
    /// Absent: in a temporary folder that ends with it.
    pub(crate) keep: Option<PathBuf>,
    pub(crate) ports: Ports,
    /// Francs in our wallet at Wave before the first gift.
    pub(crate) opening_balance: i64,
    pub(crate) webhook_retry: wave::Retry,
    /// Whether limits are counted in a Redis, where one can be had on this kind of machine.
    pub(crate) redis: bool,
    /// Settings of this run, over all others.
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) parts: Where,
}

/// A running WOLO with everything around it.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) world: World,
    pub(crate) settings: Settings,
    pub(crate) addresses: Addresses,
    pub(crate) parts: Parts,
}

impl Local {
    /// Starts everything and returns when all of it is ready.
    pub(crate) async fn start(mut options: Options) -> Result<Self> {
        refuse_real_providers()?;
        let secrets = match &options.keep {
            Some(folder) => Secrets::kept(folder)?,
            None => Secrets::fresh()?,
        };
        if let Some(folder) = &options.keep {
            options.ports = kept_ports::take_up(folder, options.ports);
        }
        // The engine's web pages are told where to have payloads decrypted before anybody listens there.
        let api = hold(options.ports.api)?;
        let codec = Codec::at(api.0);
        let world = Box::pin(start_world(&options, &secrets, &codec)).await?;
        match Box::pin(Self::within(&world, options, &secrets, api, codec)).await {
            Ok((settings, addresses, parts)) => Ok(Self { world, settings, addresses, parts }),
            Err(error) => {
                // What went wrong matters more than whether the book could be kept.
                let _ = world.shutdown().await;
                Err(error)
            }
        }
    }

    async fn within(
        world: &World,
        options: Options,
        secrets: &Secrets,
        (api, api_held): Held,
        codec: Codec,
    ) -> Result<(Settings, Addresses, Parts)> {
        let [(health, health_held)] = ports::held()?;
        let path = world.folder().path().join("settings.toml");
        let mut values = values(world, secrets, api, health);
        values.extend(vault(world, secrets)?);
        values.push(("temporal.codec_secret", codec.secret));
        values.extend(options.settings.iter().map(|(key, value)| (*key, value.clone())));
        settings_file::write(&path, &values)?;
        let settings = settings_file::read(&path, &values)?;
        prepare(world, &settings).await?;

        let addresses = Addresses {
            pid: std::process::id(),
            api: format!("http://127.0.0.1:{api}"),
            temporal: world.temporal.address(),
            temporal_ui: world.temporal.ui_url(),
            wave: world.wave.base_url().to_owned(),
            inbox: world.inbox.url().to_owned(),
            social: world.social.url().to_owned(),
            postgres: world.postgres.url(postgres::DATABASE),
            redis: redis_url(world),
            logs: world.folder().path().join("logs"),
            codec: codec.url,
            settings: path,
        };
        if let Some(folder) = &options.keep {
            kept_ports::keep(folder, &addresses)?;
        }
        drop((api_held, health_held));
        let parts = Parts::start(options.parts, world, &settings, &addresses).await?;
        hear_webhooks(world, &format!("{}/api/payments/webhook", addresses.api));
        channels::open(world, &settings, &addresses.api).await?;
        Ok((settings, addresses, parts))
    }

    /// A pool as the owner of the tables, as the operator's commands have it.
    pub(crate) async fn pool(&self, connections: u32) -> Result<Pool> {
        Ok(wolo_database::connect(&self.world.postgres.url(postgres::DATABASE), connections).await?)
    }

    pub(crate) async fn control(&self) -> Result<Control> {
        Ok(Control::new(temporal::connect(&self.settings.temporal).await?))
    }

    /// The one-time code in the last message to a phone, once there is one.
    pub(crate) async fn code_for(&self, phone: &str) -> Result<String> {
        let code = |message: &Message| {
            let mut words = message.text.split(|c: char| !c.is_ascii_digit());
            words.find(|word| word.len() == CODE_DIGITS).map(str::to_owned)
        };
        let found = self.world.inbox.wait_for(phone, POST_WITHIN, |messages| messages.last().and_then(code));
        found.await.with_context(|| format!("no code came to {phone}"))
    }

    /// Stops everything in order: first ours, so that it can say goodbye to the rest.
    pub(crate) async fn shutdown(self) -> Result<()> {
        let ended = self.parts.stop().await;
        // So much ends here at once that it would crowd a stack.
        Box::pin(self.world.shutdown()).await.context("the world did not end in order")?;
        ended
    }
}

/// A port that nobody else takes as long as it is held.
type Held = (u16, TcpListener);

/// Holds the port that was asked for, or any.
fn hold(port: Option<u16>) -> Result<Held> {
    if let Some(port) = port.filter(|port| *port != 0) {
        let held = TcpListener::bind(("127.0.0.1", port));
        return Ok((port, held.with_context(|| format!("port {port} is taken"))?));
    }
    let [held] = ports::held()?;
    Ok(held)
}

/// Where the engine's web pages have payloads decrypted: a word that is made anew for each run lets them.
struct Codec {
    url: String,
    secret: String,
}

impl Codec {
    fn at(api: u16) -> Self {
        let secret = secrets::word();
        Self { url: format!("http://127.0.0.1:{api}/dev/codec/{secret}"), secret }
    }
}

/// Settings that mean somebody's real money are a reason not to start at all, even though we would not use them.
fn refuse_real_providers() -> Result<()> {
    let why = match Layers::from_process().read() {
        Ok(settings) if settings.mode == Mode::Development => return Ok(()),
        Ok(_) => "the settings of this shell are of production".to_owned(),
        Err(SettingsError::Invalid(problems)) => {
            match problems.iter().find(|one| is_about_providers(&one.key)) {
                Some(problem) => format!("{problem}"),
                None => return Err(SettingsError::Invalid(problems).into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    Err(refused(format!("a local world is not started beside real providers: {why}")))
}

fn is_about_providers(key: &str) -> bool {
    const PROVIDERS: [&str; 8] =
        ["wave.", "social.", "whatsapp.", "sendgrid.", "smtp.", "orange.", "twilio.", "fcm."];
    key == "mode" || PROVIDERS.iter().any(|provider| key.starts_with(provider))
}

/// Limits work without a Redis too, so one that cannot be had keeps nobody from working.
async fn redis_can_be_had() -> bool {
    RedisTool::find(&Places::here()).await.is_ok()
}

async fn start_world(options: &Options, secrets: &Secrets, codec: &Codec) -> Result<World> {
    let world = World::start(world::Options {
        data_folder: options.keep.clone(),
        postgres_port: options.ports.postgres,
        inbox_port: None,
        temporal: engine::Options {
            port: options.ports.temporal,
            ui_port: options.ports.temporal_ui,
            search_attributes: search_attributes::for_sandbox()?,
            codec_endpoint: Some(codec.url.clone()),
            ..engine::Options::default()
        },
        redis: options.redis && redis_can_be_had().await,
        wave: wave::Options {
            port: options.ports.wave.unwrap_or(0),
            api_key: secrets.wave_api_key.clone(),
            webhook_secret: secrets.wave_webhook_secret.clone(),
            webhook_retry: options.webhook_retry,
            opening_balance: options.opening_balance,
            local_redirects: true,
            ..wave::Options::default()
        },
        ..world::Options::default()
    });
    world.await.context("the world around WOLO could not be started")
}

fn redis_url(world: &World) -> Option<String> {
    world.redis.as_ref().map(Redis::url)
}

fn values(world: &World, secrets: &Secrets, api: u16, health: u16) -> Vec<(&'static str, String)> {
    let mut values = identity_providers(world);
    values.extend(channels::values(world));
    values.extend([
        ("mode", "development".to_owned()),
        ("database.url", world.postgres.url(postgres::DATABASE)),
        ("temporal.address", world.temporal.address()),
        ("redis.url", redis_url(world).unwrap_or_default()),
        ("temporal.namespace", engine::NAMESPACE.to_owned()),
        ("temporal.payload_keys", secrets.payload_key.clone()),
        ("temporal.ui", world.temporal.ui_url()),
        ("wave.url", world.wave.base_url().to_owned()),
        ("wave.api_key", secrets.wave_api_key.clone()),
        ("wave.signing_secret", String::new()),
        ("wave.webhook_secrets", secrets.wave_webhook_secret.clone()),
        // What goes wrong in a sandbox does so on purpose, and nobody wants to wait for the end of it.
        ("wave.pause_seconds", "1".to_owned()),
        ("social.pause_seconds", "1".to_owned()),
        ("api.listen", format!("127.0.0.1:{api}")),
        ("api.public_url", format!("http://127.0.0.1:{api}")),
        ("tokens.signing_key", secrets.signing_key.clone()),
        ("tokens.signing_key_file", String::new()),
        ("tokens.key_id", "world".to_owned()),
        ("certificates.signing_key", secrets.sealing_key.clone()),
        ("certificates.signing_key_file", String::new()),
        ("certificates.key_id", "world".to_owned()),
        ("accounts.pepper", secrets.pepper.clone()),
        ("worker.queues", wolo_workflows::queues::ALL.join(",")),
        ("worker.health_listen", format!("127.0.0.1:{health}")),
        // Whoever presses Ctrl-C does not want to wait; what is cut short is done again at the next start.
        ("worker.shutdown_grace_seconds", "4".to_owned()),
    ]);
    values
}

/// Documents and their keys end with the world that they are of.
fn vault(world: &World, secrets: &Secrets) -> Result<Vec<(&'static str, String)>> {
    let folder = std::path::absolute(world.folder().path().join("vault"))?;
    let address = |part: &str| {
        Url::from_file_path(folder.join(part)).map_err(|()| anyhow!("the folder of the vault has no address"))
    };
    Ok(vec![
        ("vault.key_encryption_keys", secrets.vault_key.clone()),
        ("vault.documents.address", address("documents")?.into()),
        ("vault.keys.address", address("keys")?.into()),
    ])
}

/// The sandbox's Google, Apple and Facebook.
fn identity_providers(world: &World) -> Vec<(&'static str, String)> {
    use wolo_domain::accounts::IdentityProvider::{Apple, Facebook, Google};

    vec![
        ("social.google.client_ids", social::client_id(Google).to_owned()),
        ("social.google.keys_url", world.social.keys_url(Google)),
        ("social.apple.client_ids", social::client_id(Apple).to_owned()),
        ("social.apple.keys_url", world.social.keys_url(Apple)),
        ("social.facebook.app_id", social::APP_ID.to_owned()),
        ("social.facebook.app_secret", social::APP_SECRET.to_owned()),
        ("social.facebook.keys_url", world.social.keys_url(Facebook)),
        ("social.facebook.graph_url", world.social.graph_url()),
    ]
}

/// What has to be there before our own processes start.
async fn prepare(world: &World, settings: &Settings) -> Result<()> {
    let pool = wolo_database::connect(&world.postgres.url(postgres::DATABASE), 1).await?;
    wolo_database::migrate(&pool).await?;
    pool.close().await;
    // A kept world of an older version gets what it lacks; a new one has it already.
    let client = temporal::connect(&settings.temporal).await?;
    temporal::ensure_search_attributes(&client, &search_attributes::for_server()?).await?;
    Ok(())
}

/// Wave's webhooks go to this API alone: a kept book remembers the address of an earlier run.
fn hear_webhooks(world: &World, url: &str) {
    let earlier =
        world.wave.look(|book| book.endpoints().iter().map(|one| one.url.clone()).collect::<Vec<_>>());
    for other in earlier.iter().filter(|other| *other != url) {
        world.wave.remove_webhook(other);
    }
    world.wave.register_webhook(url);
}

/// The same settings, as a program of that role connects.
fn connecting_as(settings: &Settings, world: &World, role: &str) -> Settings {
    let mut settings = settings.clone();
    settings.database.url = SecretString::from(world.postgres.url_as(role, postgres::DATABASE));
    settings
}

/// Where a developer's world lives when it is to be kept and no folder is named.
pub(crate) fn usual_folder() -> PathBuf {
    folders::data().join("world")
}

/// How long anything of ours may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// As many as a one-time code has.
const CODE_DIGITS: usize = 6;
/// How long a message may take to arrive.
const POST_WITHIN: Duration = Duration::from_secs(10);
