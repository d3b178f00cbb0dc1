//! The running WOLO that a command speaks to: its settings, its database and its engine.
//!
//! A command finds it in this order: `--config` or `WOLO_CONFIG`, the `WOLO__…` variables, the world of a running
//! `wolo dev`, the defaults. A command never mixes two of them, so that nobody closes a pot in the wrong place.

use std::env;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use secrecy::ExposeSecret as _;
use wolo_bootstrap::settings::{Layers, Mode, Settings};
use wolo_bootstrap::temporal;
use wolo_control::Control;
use wolo_database::{Pool, pots, pots::Pot};
use wolo_domain::ids::PotId;
use wolo_providers::vault::Vault;

use crate::failure::refused;
use crate::local::dev_file::{self, Addresses};

/// A command asks one thing after another; a few connections are enough.
const CONNECTIONS: u32 = 2;

/// The database's role for the API. Row level security shows it no row where nobody is named who asks.
const FOR_CALLERS: &str = "wolo_api";

/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the settings come from.
#[derive(Debug)]
pub(crate) struct System {
    pub(crate) settings: Settings,
    /// Set when it is the world of a running `wolo dev`.
    pub(crate) dev: Option<Addresses>,
}

impl System {
    pub(crate) fn find(config: Option<&Path>) -> Result<Self> {
        let (layers, dev) = layers(config);
        Ok(Self { settings: layers.read()?, dev })
    }

    pub(crate) async fn pool(&self) -> Result<Pool> {
        let url = self.settings.database.url.expose_secret();
        let pool = wolo_database::connect(url, CONNECTIONS)
            .await
            .with_context(|| format!("the database is not to be had{}", self.hint()))?;
        if pool.connect_options().get_username() == FOR_CALLERS {
            return Err(refused(format!(
                "database.url connects as {FOR_CALLERS}, to whom nothing is shown but on a caller's behalf: everything would look \
                 empty. Use the operator's, as for `wolo migrate`, or wolo_worker's"
            )));
        }
        Ok(pool)
    }

    pub(crate) async fn control(&self) -> Result<Control> {
        let client = temporal::connect(&self.settings.temporal)
            .await
            .with_context(|| format!("no process can be asked anything{}", self.hint()))?;
        Ok(Control::new(client))
    }

    /// The vault of documents, where these settings have one.
    pub(crate) async fn vault(&self) -> Result<Vault> {
        let vault = self.settings.vault.as_ref().ok_or_else(|| {
            refused("these settings have no vault: vault.key_encryption_keys is empty (wolo config show)")
        })?;
        wolo_api::vault::open(vault).await.context("the vault of documents cannot be opened")
    }

    /// What a process says of itself, or why that cannot be had, in words. A process whose worker is away answers when the
    /// worker is back; nobody wants to wait for that.
    pub(crate) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&Control) -> Result<T, String>,
    ) -> Result<T, String> {
        let control = self.control().await.map_err(|error| error.to_string())?;
        match tokio::time::timeout(PATIENCE, question(&control)).await {
            Ok(answer) => answer,
            Err(_) => Err("it has not answered in five seconds; does a worker serve it?".to_owned()),
        }
    }

    /// The page of a process, where there are pages.
    pub(crate) fn process_page(&self, workflow_id: &str) -> Option<String> {
        process_page(&self.settings, workflow_id)
    }

    fn hint(&self) -> &'static str {
        if self.dev.is_none() && self.settings.mode == Mode::Development {
            " (no world of `wolo dev` is running; start one, or say with --config which system you mean)"
        } else {
            ""
        }
    }
}

/// The settings before they are read, and the running `wolo dev` they are of, if they are.
pub(crate) fn layers(config: Option<&Path>) -> (Layers, Option<Addresses>) {
    let dev = if config.is_some() || is_configured() { None } else { dev_file::running() };
    let file = config.or(dev.as_ref().map(|dev| dev.settings.as_path()));
    let layers = Layers::from_process();
    let layers = match file {
        Some(file) => layers.file(file.to_owned()),
        None => layers,
    };
    (layers, dev)
}

/// Whether the environment already says which system is meant.
fn is_configured() -> bool {
    env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("WOLO__"))
}

/// The page of one process, where the settings say where there are pages.
pub(crate) fn process_page(settings: &Settings, workflow_id: &str) -> Option<String> {
    let temporal = &settings.temporal;
    wolo_control::process_page(temporal.ui.as_ref()?, &temporal.namespace, workflow_id)
}

/// The pot that an operator names, by its id or by the end of its link.
pub(crate) async fn named_pot(pool: &Pool, name: &str) -> Result<Pot> {
    let found = match name.parse::<PotId>() {
        Ok(id) => pots::pot(pool, id).await,
        Err(_) => pots::by_slug(pool, name).await,
    };
    found.context("the pot could not be looked up")?.with_context(|| format!("there is no pot {name}"))
}

/// Who asks, as it will stand in a process's history.
pub(crate) fn operator(by: Option<&str>) -> Result<String> {
    let user = || ["USER", "LOGNAME"].iter().find_map(|name| env::var_os(name)?.into_string().ok());
    let named = by.map(ToOwned::to_owned).or_else(user).filter(|name| !name.trim().is_empty());
    let name = named.ok_or_else(|| refused("nobody is named who decides this: say it with --by NAME"))?;
    Ok(format!("operator:{name}"))
}
