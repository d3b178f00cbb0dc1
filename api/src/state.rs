//! What every handler may use. Cheap to clone.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use url::Url;
use wolo_bootstrap::Settings;
use wolo_control::Control;
use wolo_database::ledger::Balances;
use wolo_database::{Pool, figures};
use wolo_domain::ids::PotId;
use wolo_providers::sendgrid::webhook::{InvalidPublicKey, PublicKey};

use crate::analytics::Exports;
use crate::credentials::Credentials;
use crate::deliveries::Deliveries;
use crate::kept::Kept;
use crate::landing::Front;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::notifications;
use crate::pages::Qr;
use crate::papers::Papers;
use crate::payments::Inbox;
use crate::pot_page::Pictures;
use crate::pots::{Gathered, Live, MOST_WATCHING, PublicLists};
use crate::tokens::Verifier;
use crate::users::Leaderboard;

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) settings: Arc<Settings>,
    pub(crate) pool: Pool,
    /// Whether the database was seen in the shape that this release was built with.
    pub(crate) migrated: Arc<AtomicBool>,
    pub(crate) control: Control,
    pub(crate) verifier: Arc<Verifier>,
    /// Of Wave's events.
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) inbox: Arc<Inbox>,
    /// Of what providers of messages tell, which must not hold Wave's up.
    pub(crate) receipts: Arc<Deliveries>,
    pub(crate) receipt_turns: Arc<Semaphore>,
    /// Made with these, what SendGrid tells is believed.
    pub(crate) mail_keys: Arc<[PublicKey]>,
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) public_lists: PublicLists,
    pub(crate) leaderboard: Leaderboard,
    /// What has come together in pots, for their pages.
    pub(crate) gathered: Kept<PotId, Gathered>,
    pub(crate) front: Kept<(), Front>,
    /// How the business stands at this moment, for all who watch that.
    pub(crate) figures: Kept<(), figures::Live>,
    pub(crate) balances: Kept<(), Balances>,
    /// Of pots' links: by the slug, or by the id.
    pub(crate) codes: Kept<(PotId, bool), Qr>,
    pub(crate) pictures: Pictures,
    pub(crate) live: Arc<Live>,
    pub(crate) exports: Exports,
    pub(crate) metrics: Metrics,
    /// Absent where this process has no vault.
    pub(crate) papers: Option<Arc<Papers>>,
}

impl App {
    #[expect(clippy::too_many_arguments, reason = "all that handlers use, each made by itself")]
    pub(crate) fn new(
        settings: Settings,
        pool: Pool,
        control: Control,
        verifier: Verifier,
        credentials: Credentials,
        limits: Limits,
        metrics: Metrics,
        papers: Option<Papers>,
    ) -> Result<Self, InvalidPublicKey> {
        let mail_keys = settings.channels.sendgrid.iter().flat_map(|sendgrid| &sendgrid.webhook_keys);
        Ok(Self {
            mail_keys: mail_keys.map(|key| key.parse()).collect::<Result<_, _>>()?,
            public_lists: PublicLists::kept_for(settings.api.list_cache, metrics.clone()),
            leaderboard: Leaderboard::kept(settings.api.list_cache, metrics.clone()),
            gathered: Kept::fresh_for(settings.api.list_cache),
            front: Kept::fresh_for(settings.api.list_cache),
            figures: Kept::fresh_for(settings.api.list_cache),
            balances: Kept::fresh_for(settings.api.list_cache),
            codes: Kept::fresh_for(Duration::from_hours(1)),
            pictures: Pictures::new(),
            live: Arc::new(Live::new(MOST_WATCHING)),
            settings: Arc::new(settings),
            inbox: Arc::new(Inbox::new(&pool)),
            pool,
            migrated: Arc::default(),
            control,
            verifier: Arc::new(verifier),
            deliveries: Arc::default(),
            receipts: Arc::default(),
            receipt_turns: Arc::new(Semaphore::new(notifications::RECEIPTS_AT_ONCE)),
            credentials: Arc::new(credentials),
            limits: Arc::new(limits),
            exports: Exports::default(),
            metrics,
            papers: papers.map(Arc::new),
        })
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
