//! From settings to a running worker, and to its end.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::{join_all, select_all};
use temporalio_common::worker::{
    VersioningBehavior, WorkerDeploymentOptions, WorkerDeploymentVersion, build_id_from_current_exe,
};
use tokio::net::TcpListener;
use tokio::time::timeout;
use wolo_activities::words::Words;
use wolo_activities::{
    AccountSteps, AuditSteps, BirthdaySteps, ClosureSteps, ConsentSteps, DiscrepancySteps, DonationSteps,
    HistorySteps, IdentitySteps, InvitationSteps, LedgerSteps, NoticeSteps, PayoutSteps, PointsSteps,
    PotSteps, PunctualitySteps, RefundSteps, RetentionSteps, StatementSteps,
};
use wolo_bootstrap::temporal::IndexedValueType;
use wolo_bootstrap::{Settings, Shutdown, connections, settings, temporal};
use wolo_database::Pool;
use wolo_database::processes::{self, Kind, Presence};
use wolo_domain::seals::SealingKey;
use wolo_providers::http::Timeouts;
use wolo_providers::wave::{Wave, WaveAccess};
use wolo_workflows::{attributes, queues};

use crate::Error;
use crate::carriers;
use crate::health::{self, Health, QueueHealth};
use crate::metrics::Metrics;
use crate::queue::Queue;
use crate::registry::{self, Steps};
use crate::relay::Relay;
use crate::rules;
use crate::schedules;
use crate::vault;

/// The step that seals a certificate.
const SETTLES: &str = "pots.settle";

/// The steps that destroy documents.
const DESTROY: [&str; 2] = ["identities.destroy", "closures.erase"];

/// A worker that has been set up and serves its queues.
pub struct Worker {
    queues: Vec<Queue>,
    settings: settings::Worker,
    shutdown: Shutdown,
    health_address: SocketAddr,
    /// Ends the server that tells of the worker's health, which outlives the queues.
    health_ends: Shutdown,
}

/// Serves the queues of the settings until told to stop, or until one of them dies.
pub async fn run(settings: Settings, shutdown: Shutdown) -> Result<(), Error> {
    Worker::start(&settings, shutdown).await?.end().await
}

impl Worker {
    /// Connects to everything, makes the search attributes and the schedules known, and starts the queues.
    pub async fn start(settings: &Settings, shutdown: Shutdown) -> Result<Self, Error> {
        let mut wanted = Vec::new();
        for name in &settings.worker.queues {
            let serves = registry::served(name).ok_or_else(|| Error::UnknownQueue { queue: name.clone() })?;
            wanted.push((name.clone(), serves));
        }
        let sealing = sealing(&settings.certificates)?;
        let relays = settings.worker.queues.iter().any(|queue| queue == queues::NOTICES);
        let does = |name| wanted.iter().any(|(_, serves)| serves.steps.iter().any(|step| step == name));
        let (settles, destroys) = (does(SETTLES), DESTROY.into_iter().any(does));
        if sealing.is_none() && (settles || relays) {
            return Err(Error::NoSealingKey);
        }
        let vault = match &settings.vault {
            Some(vault) if destroys => Some(Arc::new(vault::open(vault).await?)),
            None if destroys => return Err(Error::NoVault),
            _ => None,
        };
        let wave = wave(&settings.wave)?;
        let address = settings.worker.health_listen;
        let refused = |source| Error::Health { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let health_address = listener.local_addr().map_err(refused)?;

        let url = secrecy::ExposeSecret::expose_secret(&settings.database.url);
        let pool =
            wolo_database::connect(url, settings.database.max_connections).await.map_err(Error::Database)?;
        // A step that meets an older shape fails, and is tried again for as long.
        if !wolo_database::is_migrated(&pool).await.map_err(Error::Database)? {
            return Err(Error::NotMigrated);
        }
        let counted = temporal::Metrics::start()?;
        let client = temporal::connect_counted(&settings.temporal, &counted).await?;
        let attributes = attributes::ALL.map(|(name, kind)| (name, indexed(kind)));
        temporal::ensure_search_attributes(&client, &attributes).await?;
        schedules::ensure(&client, settings).await?;

        let donations =
            Arc::new(DonationSteps::new(pool.clone(), wave.clone(), settings.api.public_url.clone()));
        let notices = Arc::new(NoticeSteps::new(
            pool.clone(),
            carriers::carriers(&settings.channels, &settings.api.public_url)?,
            Words::new()?,
            settings.api.public_url.clone(),
        ));
        let steps = Steps {
            accounts: Arc::new(AccountSteps::new(pool.clone())),
            audit: Arc::new(AuditSteps::new(pool.clone(), sealing.clone())),
            birthdays: Arc::new(BirthdaySteps::new(pool.clone())),
            consents: Arc::new(ConsentSteps::new(pool.clone())),
            closures: Arc::new(ClosureSteps::new(pool.clone(), vault.clone())),
            pots: Arc::new(PotSteps::new(pool.clone(), sealing.clone())),
            punctuality: Arc::new(PunctualitySteps::new(pool.clone())),
            statements: Arc::new(StatementSteps::new(pool.clone(), wave.clone(), Arc::clone(&donations))),
            donations,
            histories: Arc::new(HistorySteps::new(pool.clone())),
            identities: Arc::new(IdentitySteps::new(pool.clone(), vault)),
            invitations: Arc::new(InvitationSteps::new(pool.clone())),
            points: Arc::new(PointsSteps::new(pool.clone())),
            refunds: Arc::new(RefundSteps::new(pool.clone(), wave.clone())),
            retention: Arc::new(RetentionSteps::new(pool.clone())),
            payouts: Arc::new(PayoutSteps::new(pool.clone(), wave.clone())),
            ledger: Arc::new(LedgerSteps::new(pool.clone())),
            discrepancies: Arc::new(DiscrepancySteps::new(pool.clone())),
            notices: Arc::clone(&notices),
        };
        // Steps that run still are told to give up when two thirds of the time are over; the rest is for giving up.
        let grace = settings.worker.shutdown_grace * 2 / 3;
        let build = build(&settings.worker);
        let (mut queues, mut told) = (Vec::new(), Vec::new());
        for (name, serves) in wanted {
            let queue = Queue::start(
                name.clone(),
                client.clone(),
                steps.clone(),
                counted.of_worker(),
                build.clone(),
                grace,
            )
            .await?;
            tracing::info!(
                queue = name,
                processes = serves.processes.len(),
                steps = serves.steps.len(),
                "serving"
            );
            told.push(QueueHealth { name, running: Arc::clone(&queue.running), serves });
            queues.push(queue);
        }

        let health_ends = Shutdown::new();
        if let Some(sealing) = sealing.filter(|_| relays) {
            let relay = Relay::new(pool.clone(), client.clone(), sealing, settings)?;
            tokio::spawn(relay.run(shutdown.clone()));
        }
        let presented =
            present(pool.clone(), wave, notices, settings.worker.queues.clone(), health_ends.clone());
        tokio::spawn(presented);
        let metrics = Metrics::new(counted, rules::punctuality(settings))?;
        let router =
            health::router(Health { client, pool, queues: told, metrics, shutdown: shutdown.clone() });
        tokio::spawn(connections::serve(listener, router, health::PATIENCE, health_ends.begun()));
        Ok(Self { queues, settings: settings.worker.clone(), shutdown, health_address, health_ends })
    }

    /// Where it tells of its health.
    pub fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// Waits until it is told to stop, or a queue dies; then stops all of them, within the time of the settings.
    pub async fn end(mut self) -> Result<(), Error> {
        let died = {
            let ends = self.queues.iter_mut().map(|queue| Box::pin(queue.ended()));
            tokio::select! {
                () = self.shutdown.begun() => None,
                (ended, place, _) = select_all(ends) => Some((place, ended)),
            }
        };
        let outcome = match died {
            None => Ok(()),
            Some((place, ended)) => {
                let queue = self.queues.remove(place);
                // Nobody told it to.
                ended.and(Err(Error::Ended { queue: queue.name, source: None }))
            }
        };
        if let Err(error) = &outcome {
            tracing::error!(%error, "a queue has died, so the worker ends");
        }
        let stopped = self.stop().await;
        self.health_ends.begin();
        outcome.and(stopped)
    }

    async fn stop(&mut self) -> Result<(), Error> {
        tracing::info!("stopping");
        for queue in &self.queues {
            queue.stop();
        }
        let ends = join_all(self.queues.iter_mut().map(Queue::ended));
        if let Ok(ends) = timeout(self.settings.shutdown_grace, ends).await {
            tracing::info!("stopped");
            return ends.into_iter().collect();
        }
        let still = self.queues.iter().filter(|queue| queue.is_running());
        Err(Error::TooSlow { queues: still.map(|queue| queue.name.clone()).collect() })
    }
}

impl Drop for Worker {
    /// A worker that nobody waits for stops all the same.
    fn drop(&mut self) {
        for queue in &self.queues {
            queue.stop();
        }
        self.health_ends.begin();
    }
}

/// Shows the worker among our processes as long as it tells of its health.
async fn present(pool: Pool, wave: Wave, notices: Arc<NoticeSteps>, queues: Vec<String>, ends: Shutdown) {
    let presence = Presence { kind: Kind::Worker, version: env!("CARGO_PKG_VERSION"), queues };
    let breakers = || {
        let providers = std::iter::once(("wave", wave.breaker())).chain(notices.breakers());
        providers.map(|(name, state)| (name.to_owned(), state.as_str().to_owned())).collect()
    };
    processes::present(&pool, &presence, breakers, ends.begun()).await;
}

/// What the engine is told of the worker's build. Without one it names the build by the program's bytes.
fn build(settings: &settings::Worker) -> WorkerDeploymentOptions {
    let id = settings.build_id.clone().unwrap_or_else(|| build_id_from_current_exe().to_owned());
    if !settings.versioned {
        return WorkerDeploymentOptions::from_build_id(id);
    }
    let version = WorkerDeploymentVersion::builder().deployment_name(queues::DEPLOYMENT).build_id(id).build();
    // Pots live for weeks: a process that stayed with its build would keep that one's workers for as long.
    WorkerDeploymentOptions::new(version)
        .use_worker_versioning(true)
        .default_versioning_behavior(VersioningBehavior::AutoUpgrade)
        .build()
}

/// The key that seals certificates, where this worker has one.
fn sealing(settings: &settings::Certificates) -> Result<Option<SealingKey>, Error> {
    let read = |sealing: &settings::Sealing| {
        SealingKey::from_pkcs8(&sealing.key_id, secrecy::ExposeSecret::expose_secret(&sealing.key))
    };
    Ok(settings.sealing.as_ref().map(read).transpose()?)
}

fn wave(settings: &settings::Wave) -> Result<Wave, Error> {
    Ok(Wave::new(WaveAccess {
        base_url: settings.url.clone(),
        api_key: settings.api_key.clone(),
        signing_secret: settings.signing_secret.clone(),
        timeouts: Timeouts::total(settings.timeout),
        at_once: settings.at_once,
        pause: settings.pause,
    })?)
}

/// The type of a search attribute, by the word that the processes use. A test holds that none is unspecified.
fn indexed(kind: &str) -> IndexedValueType {
    match kind {
        "Keyword" => IndexedValueType::Keyword,
        "Datetime" => IndexedValueType::Datetime,
        "Bool" => IndexedValueType::Bool,
        "Int" => IndexedValueType::Int,
        _ => IndexedValueType::Unspecified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_search_attribute_has_a_type() {
        for (name, kind) in attributes::ALL {
            assert_ne!(indexed(kind), IndexedValueType::Unspecified, "{name}");
        }
    }
}
