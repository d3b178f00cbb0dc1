//! How many requests may be under way at once: beyond that, an answer now is kinder than a queue.
//!
//! Wave's webhooks have a lane of their own, so that a crowd of visitors cannot keep out the news of their payments, and what
//! providers of messages tell has another, so that fifty thousand receipts cannot either.
//! Health and figures are in no lane: a busy process is not a dead one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wolo_bootstrap::settings;

use crate::limits::Class;
use crate::metrics::{Metrics, UnderWay};
use crate::problem::{Code, Problem};

#[derive(Clone)]
pub(super) struct Lanes {
    visitors: Arc<Semaphore>,
    webhooks: Arc<Semaphore>,
    receipts: Arc<Semaphore>,
    metrics: Metrics,
}

/// A place on a lane, given back when it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: UnderWay,
}

impl Lanes {
    pub(super) fn new(api: &settings::Api, metrics: Metrics) -> Self {
        Self {
            visitors: Arc::new(Semaphore::new(api.most_in_flight)),
            webhooks: Arc::new(Semaphore::new(api.most_webhooks_in_flight)),
            receipts: Arc::new(Semaphore::new(api.most_receipts_in_flight)),
            metrics,
        }
    }

    /// A place, or none where none is needed.
    pub(super) fn enter(&self, class: Option<Class>) -> Result<Option<Place>, Problem> {
        let (name, lane) = match class {
            None => return Ok(None),
            Some(Class::Webhook) => ("webhooks", &self.webhooks),
            Some(Class::Receipt) => ("receipts", &self.receipts),
            Some(_) => ("visitors", &self.visitors),
        };
        let Ok(permit) = Arc::clone(lane).try_acquire_owned() else {
            self.metrics.shed(name);
            return Err(Problem::new(Code::Overloaded));
        };
        Ok(Some(Place { _permit: permit, _counted: self.metrics.under_way(name) }))
    }
}
