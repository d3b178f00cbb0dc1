//! Starting and stopping: one listener, one pool, one connection to the engine.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use wolo_bootstrap::codec::CodecError;
use wolo_bootstrap::connections::{self, Patience};
use wolo_bootstrap::{Settings, Shutdown, temporal};
use wolo_control::Control;
use wolo_database::Pool;
use wolo_database::processes::{self, Kind, Presence};
use wolo_providers::sendgrid::webhook::InvalidPublicKey;
use wolo_providers::social::{Social, SocialSetupError};
use wolo_providers::vault::VaultError;

use crate::credentials::{self, Credentials};
use crate::limits::{Limits, RedisUnusable};
use crate::metrics::Metrics;
use crate::papers::Papers;
use crate::pots::Live;
use crate::router;
use crate::state::App;
use crate::tokens::{TokenError, Verifier};

/// The subcommand, of each binary that serves the API, that cleans one document and ends. It is for the API itself.
pub const CLEAN_DOCUMENT: &str = "clean-document";

/// How long answers may take to leave at the end, after the requests under way were given their time.
const LEAVING: Duration = Duration::from_secs(8);
/// For what ends after the last answer.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a process that serves the API may take to end, once it was told to.
pub fn time_to_end(settings: &Settings) -> Duration {
    settings.api.request_timeout + LEAVING + LAST_WORDS
}

/// Why the API does not serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the API cannot listen at {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("the database's address cannot be used")]
    Database(#[from] wolo_database::Error),
    #[error("the workflow engine cannot be used")]
    Temporal(#[from] temporal::ConnectError),
    #[error("the key that signs tokens cannot be used")]
    Tokens(#[from] TokenError),
    #[error("the keys that seal what lies in the database cannot be used")]
    Seal(#[from] CodecError),
    #[error("signing in with other providers cannot be had")]
    Social(#[from] SocialSetupError),
    #[error("what SendGrid tells could not be believed")]
    MailKeys(#[from] InvalidPublicKey),
    #[error("limits cannot be shared")]
    Limits(#[from] RedisUnusable),
    #[error("the metrics cannot be kept")]
    Metrics(#[from] prometheus::Error),
    #[error("the vault of documents cannot be used")]
    Vault(#[from] VaultError),
    #[error("this program cannot be found again, to clean documents in a process of its own")]
    Program(#[source] io::Error),
    #[error("the calls to the workflow engine cannot be counted")]
    TemporalMetrics(#[from] temporal::MetricsError),
}

/// An API that is ready to serve on its listener.
pub struct Api {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    patience: Patience,
    pool: Pool,
    credentials: Arc<Credentials>,
    live: Arc<Live>,
}

impl Api {
    /// Makes everything ready on a listener of the caller's choice. The database may come later: until then `/ready`
    /// says so.
    pub async fn bind(settings: Settings, listener: TcpListener) -> Result<Self, Error> {
        let address =
            listener.local_addr().map_err(|source| Error::Listen { address: settings.api.listen, source })?;
        let verifier = Verifier::new(&settings.tokens)?;
        let credentials = Credentials::new(&settings, credentials::providers(&settings.social)?)?;
        let pool = wolo_database::connect_later(
            settings.database.url.expose_secret(),
            settings.database.max_connections,
        )?;
        let counted = temporal::Metrics::start()?;
        // Connecting is most of what this future would be, and whoever binds an API would carry it along.
        let connecting = Box::pin(temporal::connect_counted(&settings.temporal, &counted));
        let control = Control::new(connecting.await?);
        let metrics = Metrics::new(counted)?;
        let limits = Limits::new(&settings, metrics.clone())?;
        let patience =
            Patience { head: settings.api.head_timeout, end: settings.api.request_timeout + LEAVING };
        let papers = Box::pin(papers(&settings)).await?;
        let app = App::new(settings, pool.clone(), control, verifier, credentials, limits, metrics, papers)?;
        let (credentials, live) = (Arc::clone(&app.credentials), Arc::clone(&app.live));
        Ok(Self { listener, address, router: router::router(app), patience, pool, credentials, live })
    }

    /// Where it listens; with port 0 asked for, the port that was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the end begins, and then until the requests under way are answered.
    pub async fn serve(self, shutdown: Shutdown) {
        tracing::info!(address = %self.address, "the API listens");
        let served = connections::serve(self.listener, self.router, self.patience, shutdown.begun());
        let presence = Presence { kind: Kind::Api, version: env!("CARGO_PKG_VERSION"), queues: Vec::new() };
        let breakers = || breakers(&self.credentials.social);
        let present = processes::present(&self.pool, &presence, breakers, shutdown.begun());
        let watched = async {
            shutdown.begun().await;
            self.live.end();
        };
        tokio::join!(served, present, watched);
    }
}

/// The vault, if there is one here, and what cleans documents for it.
async fn papers(settings: &Settings) -> Result<Option<Papers>, Error> {
    let Some(vault) = &settings.vault else { return Ok(None) };
    let mut program = vault.cleaning_program.clone();
    if program.is_empty() {
        let this = std::env::current_exe().map_err(Error::Program)?;
        program = vec![this.to_string_lossy().into_owned(), CLEAN_DOCUMENT.to_owned()];
    }
    Ok(Some(Papers::open(vault, program).await?))
}

/// Provider to state.
fn breakers(social: &Social) -> BTreeMap<String, String> {
    social
        .breakers()
        .map(|(provider, state)| (provider.as_str().to_owned(), state.as_str().to_owned()))
        .collect()
}

/// Listens where the settings say and serves until the end begins.
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<(), Error> {
    let address = settings.api.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
    Api::bind(settings, listener).await?.serve(shutdown).await;
    Ok(())
}
