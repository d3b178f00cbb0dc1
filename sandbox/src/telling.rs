//! Telling somebody's webhook, whoever tells: how long it is tried, what holds a letter back, and how each try went.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::faults::WebhookFault;

/// Where one delivery of one event to one endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Being sent, or waiting for its next attempt.
    Pending,
    /// Held back by a fault until released.
    Held,
    /// Answered with a 2xx.
    Delivered,
    /// Never sent, by a fault.
    Lost,
    /// Forged, tampered or stale on purpose and refused by the receiver, or given up after the last attempt.
    Refused,
}

/// One try at a delivery.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Real time.
    pub when: DateTime<Utc>,
    /// HTTP status; absent when no answer came within the time allowed.
    pub status: Option<u16>,
}

/// How failed webhook deliveries are tried again. Providers document little more than that they give up after days.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Wait after the first failure; it doubles each time.
    pub first: Duration,
    /// The wait stops growing here.
    pub longest: Duration,
    /// Tries in all before giving up.
    pub attempts: u32,
}

impl Retry {
    /// A few quick tries, for tests.
    pub const QUICK: Self =
        Self { first: Duration::from_millis(20), longest: Duration::from_millis(200), attempts: 50 };
}

impl Default for Retry {
    fn default() -> Self {
        // About three days of tries every ten minutes.
        Self { first: Duration::from_secs(1), longest: Duration::from_mins(10), attempts: 440 }
    }
}

/// What holds letters back, and what lets them go.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    released: watch::Sender<u64>,
    hurried: watch::Sender<u64>,
}

impl Gate {
    /// Lets held, late and reordered letters go.
    pub(crate) fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    /// Has waiting letters tried again at once.
    pub(crate) fn hurry(&self) {
        self.hurried.send_modify(|count| *count += 1);
    }

    /// Waits until letters are let go.
    pub(crate) async fn released(&self) {
        // The sender lives as long as this does.
        let _ = self.released.subscribe().changed().await;
    }

    /// Holds a letter as its fault says, if it says so. `overtaken` ends when another letter has been accepted.
    pub(crate) async fn hold(
        &self,
        fault: Option<&WebhookFault>,
        overtaken: impl Future<Output = ()>,
        mark: impl Fn(DeliveryState),
    ) {
        let mut released = self.released.subscribe();
        let held = async {
            mark(DeliveryState::Held);
            let _ = released.changed().await;
        };
        match fault {
            Some(WebhookFault::Late { millis }) => {
                tokio::select! { () = held => {}, () = tokio::time::sleep(Duration::from_millis(*millis)) => {} }
            }
            // What counts as another is settled before anybody sees that this one is held.
            Some(WebhookFault::Reordered) => {
                tokio::select! { biased; () = overtaken => {}, () = held => {} }
            }
            Some(WebhookFault::Held) => held.await,
            _ => return,
        }
        mark(DeliveryState::Pending);
    }

    /// Tries until accepted or out of attempts. An attempt that answers nothing found the address taken away.
    pub(crate) async fn persist<A: Future<Output = Option<bool>>>(
        &self,
        retry: Retry,
        attempt: impl Fn() -> A,
    ) -> DeliveryState {
        let mut wait = retry.first;
        let mut hurried = self.hurried.subscribe();
        for _ in 0..retry.attempts {
            match attempt().await {
                Some(true) => return DeliveryState::Delivered,
                Some(false) => {}
                None => return DeliveryState::Lost,
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = hurried.changed() => {}
            }
            wait = (wait * 2).min(retry.longest);
        }
        DeliveryState::Refused
    }
}
