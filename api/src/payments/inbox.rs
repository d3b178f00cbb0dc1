//! Where Wave's events are kept. Those that come at the same time are written down together.

use std::sync::Arc;

use axum::body::Bytes;
use wolo_database::Pool;
use wolo_database::webhooks::{self, Receipt, Webhook};

use super::webhook::PROVIDER;
use crate::gathering::Gathering;
use crate::problem::Problem;

/// An event whose signature has been checked.
#[derive(Clone)]
pub(super) struct Arrived {
    pub(super) event: String,
    pub(super) kind: String,
    /// The session's own word for what it is about.
    pub(super) subject: Option<String>,
    pub(super) raw: Bytes,
}

pub(crate) struct Inbox {
    arrived: Gathering<Arrived, Receipt>,
}

impl Inbox {
    pub(crate) fn new(pool: &Pool) -> Self {
        let pool = pool.clone();
        Self { arrived: Gathering::of(move |arrived| keep(pool.clone(), arrived)) }
    }

    /// Stores an event. No other delivery of the same event may be under way in this process.
    pub(super) async fn keep(&self, arrived: Arrived) -> Result<Receipt, Problem> {
        self.arrived.ask(arrived).await
    }
}

async fn keep(pool: Pool, arrived: Arc<[Arrived]>) -> Result<Vec<Receipt>, wolo_database::Error> {
    let webhooks: Vec<_> = arrived
        .iter()
        .map(|arrived| Webhook {
            provider: PROVIDER,
            event_id: &arrived.event,
            kind: &arrived.kind,
            subject: arrived.subject.as_deref(),
            raw: &arrived.raw,
        })
        .collect();
    webhooks::receive_all(&pool, &webhooks).await
}
