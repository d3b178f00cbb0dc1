//! Why a worker does not start, or ended.

use std::io;
use std::net::SocketAddr;

use temporalio_client::schedules::ScheduleError;
use temporalio_sdk::error::WorkerRunError;
use wolo_activities::words::Mistakes;
use wolo_bootstrap::codec::CodecError;
use wolo_bootstrap::temporal::{ConnectError, MetricsError, SearchAttributeError};
use wolo_domain::seals::KeyError;
use wolo_providers::vault::VaultError;
use wolo_providers::wave::WaveSetupError;

use crate::carriers::CarrierError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no queue {queue}; the queues are {}", wolo_workflows::queues::ALL.join(", "))]
    UnknownQueue { queue: String },
    #[error(
        "pots settle here, and certificates.signing_key is empty: there is nothing to seal certificates with"
    )]
    NoSealingKey,
    #[error("documents are destroyed here, and vault.key_encryption_keys is empty: there is no vault")]
    NoVault,
    #[error("the vault of documents cannot be opened")]
    Vault(#[from] VaultError),
    #[error("certificates cannot be sealed")]
    SealingKey(#[from] KeyError),
    #[error("the database cannot be reached")]
    Database(#[source] wolo_database::Error),
    #[error("the database lacks migrations of this release: give `wolo migrate` first")]
    NotMigrated,
    #[error(transparent)]
    Temporal(#[from] ConnectError),
    #[error(transparent)]
    SearchAttributes(#[from] SearchAttributeError),
    #[error("the metrics cannot be kept")]
    Metrics(#[from] prometheus::Error),
    #[error(transparent)]
    TemporalMetrics(#[from] MetricsError),
    #[error("the schedules could not be set up")]
    Schedules(#[from] ScheduleError),
    #[error(transparent)]
    Wave(#[from] WaveSetupError),
    #[error("a provider of messages could not be set up")]
    Carriers(#[from] CarrierError),
    #[error("the words of the messages are wrong")]
    Words(#[from] Mistakes),
    #[error("letters cannot be opened")]
    Seal(#[from] CodecError),
    #[error("the worker cannot tell of its health at {address}")]
    Health {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("the thread of the queue {queue} could not be started")]
    Thread {
        queue: String,
        #[source]
        source: io::Error,
    },
    #[error("the worker of the queue {queue} could not be set up")]
    Setup {
        queue: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the worker of the queue {queue} ended")]
    Ended {
        queue: String,
        /// None: it ended as if it had been told to.
        #[source]
        source: Option<WorkerRunError>,
    },
    #[error("the thread of the queue {queue} panicked")]
    Panicked { queue: String },
    /// What runs still is left to the engine, which gives it to another worker when its time is over.
    #[error("steps were still running on {} when the time to stop was over", .queues.join(" and "))]
    TooSlow { queues: Vec<String> },
}
