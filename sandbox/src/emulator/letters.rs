//! Telling our API: closes each letter as the provider does, sends it, tries again until it is accepted, and misbehaves
//! when told to.
//!
//! Each delivery is a task of its own, because no provider promises an order.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::desk::locked;
use super::{Desk, Provider};
use crate::faults::WebhookFault;
use crate::telling::{Attempt, DeliveryState};

/// What is sent in one attempt. A provider's seal may change any of it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// What the letter says of its time. Real, unless it is stale on purpose: the receiver reads its own clock.
    pub sent_at: DateTime<Utc>,
    /// By somebody who does not know how the provider seals.
    pub forged: bool,
}

/// One delivery and its attempts.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Its place in the list.
    pub number: usize,
    pub event: &'static str,
    pub url: String,
    pub body: String,
    pub state: DeliveryState,
    /// The fault that bent it, in a word.
    pub fault: Option<&'static str>,
    pub attempts: Vec<Attempt>,
}

impl<P: Provider> Desk<P> {
    /// Tells everybody who is registered.
    pub(crate) fn tell(self: &Arc<Self>, event: &'static str, body: &str) {
        let addresses = locked(&self.addresses).clone();
        for url in addresses {
            self.tell_at(url, event, body.to_owned());
        }
    }

    /// Tells somebody at an address that came with what this is about.
    pub(crate) fn tell_at(self: &Arc<Self>, url: String, event: &'static str, body: String) {
        let fault = self.faults().strike_webhook(event, &body);
        if let Some(WebhookFault::Duplicate { copies }) = fault {
            for _ in 0..copies {
                self.dispatch(url.clone(), event, body.clone(), None);
            }
        }
        self.dispatch(url, event, body, fault);
    }

    fn dispatch(
        self: &Arc<Self>,
        url: String,
        event: &'static str,
        body: String,
        fault: Option<WebhookFault>,
    ) {
        let (state, attempts) = (DeliveryState::Pending, Vec::new());
        let word = fault.as_ref().map(WebhookFault::name);
        let mut number = 0;
        self.deliveries.send_modify(|all| {
            number = all.len();
            all.push(Delivery {
                number,
                event,
                url: url.clone(),
                body: body.clone(),
                state,
                fault: word,
                attempts,
            });
        });
        let letter = Letter {
            url,
            headers: Vec::new(),
            body: body.into_bytes(),
            sent_at: Utc::now(),
            forged: matches!(fault, Some(WebhookFault::Forged | WebhookFault::Tampered { .. })),
        };
        let desk = Arc::clone(self);
        self.later(async move { desk.carry(number, letter, fault).await });
    }

    async fn carry(&self, number: usize, letter: Letter, fault: Option<WebhookFault>) {
        let mark = |state| self.deliveries.send_modify(|all| all[number].state = state);
        let overtaken = self.overtaken(&letter.url);
        self.gate.hold(fault.as_ref(), overtaken, mark).await;
        let age = match fault {
            Some(WebhookFault::Lost) => return mark(DeliveryState::Lost),
            Some(WebhookFault::Stale { seconds }) => seconds,
            _ => 0,
        };
        let attempt = || self.attempt(number, letter.clone(), age);
        mark(if letter.forged || age != 0 {
            let accepted = attempt().await == Some(true);
            if accepted { DeliveryState::Delivered } else { DeliveryState::Refused }
        } else {
            self.gate.persist(self.place.webhook_retry, attempt).await
        });
    }

    /// One attempt: whether it was accepted. It is closed anew each time, as of now.
    async fn attempt(&self, number: usize, mut letter: Letter, age: i64) -> Option<bool> {
        let Ok(_permit) = self.sending.acquire().await else { return None };
        letter.sent_at = Utc::now() - TimeDelta::seconds(age);
        self.provider.seal(&mut letter);
        let mut request = self.client.post(&letter.url).timeout(self.place.webhook_timeout).body(letter.body);
        for (name, value) in letter.headers {
            request = request.header(name, value);
        }
        let status = match request.send().await {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => {
                tracing::debug!(%error, who = P::NAME, "a webhook found nobody");
                None
            }
        };
        let attempt = Attempt { when: Utc::now(), status };
        self.deliveries.send_modify(|all| all[number].attempts.push(attempt));
        Some(status.is_some_and(|status| (200..300).contains(&status)))
    }

    /// Ends when another delivery to this address has been accepted.
    async fn overtaken(&self, url: &str) {
        let accepted = |all: &[Delivery]| {
            all.iter().filter(|one| one.url == url && one.state == DeliveryState::Delivered).count()
        };
        let mut changes = self.deliveries.subscribe();
        let before = accepted(&changes.borrow());
        // The sender lives as long as this does.
        let _ = changes.wait_for(|all| accepted(all) > before).await;
    }
}
