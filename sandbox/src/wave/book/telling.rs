//! Events and their deliveries: who is told what, and how each telling went.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Book, Delivery, Event, WebhookEndpoint, new_id};
use crate::telling::{Attempt, DeliveryState};

impl Book {
    /// Writes an event down and makes one delivery for every endpoint that wants it. Returns its id.
    pub(in crate::wave) fn announce(&mut self, kind: &str, data: &Value, now: DateTime<Utc>) -> String {
        let prefix = if kind.starts_with("checkout.") { "EV_" } else { "AE_" };
        let id = new_id(prefix);
        let body = json!({ "id": id, "type": kind, "data": data }).to_string();
        self.index.event.insert(id.clone(), self.events.len());
        self.events.push(Event { id: id.clone(), kind: kind.to_owned(), body, when: now });
        self.deliver_everywhere(&id, kind, false);
        id
    }

    /// Makes fresh, honest deliveries of an event. False when there is no such event.
    pub(in crate::wave) fn announce_again(&mut self, event_id: &str) -> bool {
        let Some(kind) = self.event(event_id).map(|event| event.kind.clone()) else { return false };
        self.deliver_everywhere(event_id, &kind, true);
        true
    }

    fn deliver_everywhere(&mut self, event_id: &str, kind: &str, honest: bool) {
        let wants = |endpoint: &&WebhookEndpoint| {
            endpoint.events.is_empty() || endpoint.events.iter().any(|wanted| wanted == kind)
        };
        let urls: Vec<_> = self.endpoints.iter().filter(wants).map(|endpoint| endpoint.url.clone()).collect();
        for url in urls {
            self.add_delivery(event_id, url, honest);
        }
    }

    pub(in crate::wave) fn add_delivery(&mut self, event_id: &str, url: String, honest: bool) {
        let number = self.deliveries.len();
        self.deliveries.push(Delivery {
            number,
            event_id: event_id.to_owned(),
            url,
            state: DeliveryState::Pending,
            fault: None,
            attempts: Vec::new(),
            honest,
        });
        self.outgoing.push(number);
    }

    /// Deliveries that nobody has started yet.
    pub(in crate::wave) fn take_outgoing(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.outgoing)
    }

    /// After a restart, what was not finished starts again.
    pub(in crate::wave) fn resume_deliveries(&mut self) {
        for delivery in &mut self.deliveries {
            if matches!(delivery.state, DeliveryState::Pending | DeliveryState::Held) {
                delivery.state = DeliveryState::Pending;
                // Its fault was met before the restart; met again it could be held for ever.
                delivery.honest = true;
                self.outgoing.push(delivery.number);
            }
        }
    }

    pub fn event(&self, id: &str) -> Option<&Event> {
        self.index.event.get(id).map(|&at| &self.events[at])
    }

    pub fn delivery(&self, number: usize) -> Option<&Delivery> {
        self.deliveries.get(number)
    }

    /// How many deliveries this address has accepted.
    pub fn delivered_to(&self, url: &str) -> u64 {
        self.index.delivered_by_url.get(url).copied().unwrap_or_default()
    }

    pub(in crate::wave) fn endpoint(&self, url: &str) -> Option<&WebhookEndpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.url == url)
    }

    /// Adds an endpoint; one with the same address is replaced, which is how secrets are rotated.
    pub(in crate::wave) fn set_endpoint(&mut self, endpoint: WebhookEndpoint) {
        match self.endpoints.iter_mut().find(|known| known.url == endpoint.url) {
            Some(known) => *known = endpoint,
            None => self.endpoints.push(endpoint),
        }
    }

    pub(in crate::wave) fn remove_endpoint(&mut self, url: &str) -> bool {
        let before = self.endpoints.len();
        self.endpoints.retain(|endpoint| endpoint.url != url);
        self.endpoints.len() < before
    }

    pub(in crate::wave) fn mark_delivery(
        &mut self,
        number: usize,
        state: DeliveryState,
        fault: Option<&str>,
    ) {
        let Some(delivery) = self.deliveries.get_mut(number) else { return };
        delivery.state = state;
        if let Some(fault) = fault {
            delivery.fault = Some(fault.to_owned());
        }
        if state == DeliveryState::Delivered {
            *self.index.delivered_by_url.entry(delivery.url.clone()).or_default() += 1;
        }
    }

    pub(in crate::wave) fn note_attempt(&mut self, number: usize, attempt: Attempt) {
        if let Some(delivery) = self.deliveries.get_mut(number) {
            delivery.attempts.push(attempt);
        }
    }
}
