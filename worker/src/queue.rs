//! One queue's worker on its own thread.
//!
//! The engine's worker holds what may not change threads, so it lives and ends on one that is its own. The code of the
//! processes runs there; the steps run on the runtime that all queues share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use temporalio_client::Client;
use temporalio_common::telemetry::TelemetryOptions;
use temporalio_common::worker::WorkerDeploymentOptions;
use temporalio_sdk::error::WorkerRunError;
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::runtime::{PollerBehavior, RuntimeOptions};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::Error;
use crate::registry::{self, Steps};

/// Questions for work that wait at the engine at once, for each kind of work. The engine wants at least two.
const POLLERS: usize = 4;
/// Processes that are thought about at once; they share one thread and wait for nothing.
const PROCESS_SLOTS: usize = 50;
/// Steps that are done at once. Each may want a database connection, of which there are fewer, for a moment.
const STEP_SLOTS: usize = 40;
/// Processes that are kept in memory between two thoughts. Each is a few kilobytes; one that is dropped is replayed.
const KEPT_PROCESSES: usize = 2_000;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A queue that is being served.
pub(crate) struct Queue {
    pub(crate) name: String,
    /// Whether its worker polls.
    pub(crate) running: Arc<AtomicBool>,
    stop: Box<dyn Fn() + Send>,
    ended: oneshot::Receiver<Result<(), WorkerRunError>>,
}

impl Queue {
    /// Starts the thread and returns when its worker is set up. Steps that run when the end has begun are told to give up
    /// after `grace`.
    pub(crate) async fn start(
        name: String,
        client: Client,
        steps: Steps,
        counted: TelemetryOptions,
        build: WorkerDeploymentOptions,
        grace: Duration,
    ) -> Result<Self, Error> {
        let running = Arc::new(AtomicBool::new(false));
        let (started, starting) = oneshot::channel::<Result<Box<dyn Fn() + Send>, Cause>>();
        let (ends, ended) = oneshot::channel();
        let serving = {
            let (name, running, runtime) = (name.clone(), Arc::clone(&running), Handle::current());
            move || {
                runtime.block_on(async move {
                    let mut worker = match set_up(&name, client, &steps, counted, build, grace) {
                        Ok(worker) => worker,
                        Err(cause) => {
                            let _ = started.send(Err(cause));
                            return;
                        }
                    };
                    let told = started.send(Ok(Box::new(worker.shutdown_handle())));
                    if told.is_err() {
                        // Nobody waits for this queue any more.
                        return;
                    }
                    let _running = Running::new(running);
                    let _ = ends.send(worker.run().await);
                });
            }
        };
        thread::Builder::new()
            .name(format!("queue-{name}"))
            .spawn(serving)
            .map_err(|source| Error::Thread { queue: name.clone(), source })?;
        match starting.await {
            Ok(Ok(stop)) => Ok(Self { name, running, stop, ended }),
            Ok(Err(source)) => Err(Error::Setup { queue: name, source }),
            Err(_) => Err(Error::Panicked { queue: name }),
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Tells the worker to take no more work and to end when what it has is done.
    pub(crate) fn stop(&self) {
        (self.stop)();
    }

    /// Waits for the end of the worker, which has come in the right way only if it was told to stop.
    pub(crate) async fn ended(&mut self) -> Result<(), Error> {
        match (&mut self.ended).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(Error::Ended { queue: self.name.clone(), source: Some(source) }),
            Err(_) => Err(Error::Panicked { queue: self.name.clone() }),
        }
    }
}

/// True as long as it lives, also when a panic ends it.
struct Running(Arc<AtomicBool>);

impl Running {
    fn new(flag: Arc<AtomicBool>) -> Self {
        flag.store(true, Ordering::Release);
        Self(flag)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn set_up(
    queue: &str,
    client: Client,
    steps: &Steps,
    counted: TelemetryOptions,
    build: WorkerDeploymentOptions,
    grace: Duration,
) -> Result<Worker, Cause> {
    let steps_at_once = FixedSizeSlotSupplier::new(STEP_SLOTS);
    let tuner = TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(PROCESS_SLOTS))
        .activity_task_slot_supplier(steps_at_once)
        .local_activity_task_slot_supplier(steps_at_once)
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build();
    let mut options = WorkerOptions::new(queue)
        .deployment_options(build)
        .max_cached_workflows(KEPT_PROCESSES)
        .tuner(tuner)
        .workflow_task_poller_behavior(PollerBehavior::SimpleMaximum(POLLERS))
        .activity_task_poller_behavior(PollerBehavior::SimpleMaximum(POLLERS))
        .graceful_shutdown_period(grace)
        .build();
    registry::register(&mut options, steps)?;
    #[cfg(feature = "faultpoints")]
    crate::faultpoints::lay(&mut options);
    // The log of this process is the engine's too: nothing of its own is set up here.
    let options_of_runtime = RuntimeOptions::builder().telemetry_options(counted).build()?;
    let runtime = Runtime::from_current_tokio(options_of_runtime)?;
    Ok(Worker::new(&runtime, client, options)?)
}
