//! The worker: it lets processes run and does what they decide, on the queues that it serves.
//!
//! [`served`] says which process and which step lives on which queue. Each queue has a worker and an operating system
//! thread of its own, so that a queue can be scaled, and can fail, alone; the steps of all queues share one runtime.
//! Beside them stands a small server that tells of their health.
//!
//! What it refuses to do: to start on a queue that it does not know, to go on when one of its queues has died (whoever
//! started it starts it again), and to take longer to stop than it was given.

mod carriers;
mod error;
#[cfg(feature = "faultpoints")]
mod faultpoints;
mod health;
mod metrics;
mod queue;
mod registry;
mod relay;
mod rules;
mod schedules;
mod vault;
mod worker;

pub use carriers::CarrierError;
pub use error::Error;
pub use registry::{Served, served};
pub use worker::{Worker, run};
