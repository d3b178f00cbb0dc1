//! What every handler may use. Cheap to clone.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use url::Url;
use wolo_bootstrap::Settings;
use wolo_control::Control;
use wolo_database::Pool;

use crate::credentials::Credentials;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::payments::Deliveries;
use crate::pots::PublicLists;
use crate::tokens::Verifier;

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) pool: Pool,
    pub(crate) control: Control,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) public_lists: PublicLists,
    pub(crate) metrics: Metrics,
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        pool: Pool,
        control: Control,
        verifier: Verifier,
        credentials: Credentials,
        limits: Limits,
        metrics: Metrics,
    ) -> Self {
        Self {
            public_lists: PublicLists::kept_for(settings.api.list_cache, metrics.clone()),
            settings: Arc::new(settings),
            pool,
            control,
            verifier: Arc::new(verifier),
            deliveries: Arc::default(),
            credentials: Arc::new(credentials),
            limits: Arc::new(limits),
            metrics,
        }
    }

    /// The one place where the API reads the clock.
    pub(crate) fn now() -> DateTime<Utc> {
        Utc::now()
    }

    /// An address that people can open.
    pub(crate) fn link(&self, path: &str) -> String {
        let base: &Url = &self.settings.api.public_url;
        format!("{}{path}", base.as_str().trim_end_matches('/'))
    }
}
