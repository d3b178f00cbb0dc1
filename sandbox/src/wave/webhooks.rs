//! Telling the merchant: signs each event, sends it, tries again until it is accepted, and misbehaves when told to.
//!
//! Each delivery is a task of its own, because Wave promises no order. A delivery that was forged, tampered with or made
//! stale replaces the true one and is sent once; the true one can then be asked for again.

use std::sync::Arc;

use chrono::Utc;
use serde_json::Value;

use super::{
    book::{Strategy, WebhookEndpoint},
    calls::set_amount,
    signature,
    world::World,
};
use crate::faults::WebhookFault;
use crate::telling::{Attempt, DeliveryState};

/// The bytes of one attempt and what they are signed with.
#[derive(Debug)]
struct Letter {
    body: String,
    /// What the signature covers, when that is not the body.
    signed_body: Option<String>,
    age_seconds: i64,
    wrong_secret: bool,
}

impl Letter {
    fn honest(body: String) -> Self {
        Self { body, signed_body: None, age_seconds: 0, wrong_secret: false }
    }
}

/// Carries one delivery to its end. A stopped emulator leaves it pending; a kept book takes it up again.
pub(super) async fn deliver(world: Arc<World>, number: usize) {
    let stop = world.stop.clone();
    stop.run_until_cancelled(carry(&world, number)).await;
}

async fn carry(world: &Arc<World>, number: usize) {
    let found = world.read(|book| {
        let delivery = book.delivery(number)?;
        Some((delivery.clone(), book.event(&delivery.event_id)?.clone()))
    });
    let Some((delivery, event)) = found else { return };
    let fault = if delivery.honest { None } else { world.faults().strike_webhook(&event.kind, &event.body) };
    let mark = |state| {
        world.change(|book| book.mark_delivery(number, state, fault.as_ref().map(WebhookFault::name)));
    };
    let mut letter = Letter::honest(event.body);
    match fault {
        None => {}
        Some(WebhookFault::Lost) => return mark(DeliveryState::Lost),
        Some(WebhookFault::Duplicate { copies }) => {
            mark(DeliveryState::Pending);
            world.change(|book| {
                for _ in 0..copies {
                    book.add_delivery(&event.id, delivery.url.clone(), true);
                }
            });
        }
        Some(WebhookFault::Late { .. } | WebhookFault::Held | WebhookFault::Reordered) => {
            world.gate.hold(fault.as_ref(), overtaken(world, &delivery.url), mark).await;
        }
        Some(WebhookFault::Forged) => letter.wrong_secret = true,
        Some(WebhookFault::Tampered { amount, resigned }) => {
            let original = std::mem::take(&mut letter.body);
            letter.body = with_amount(&original, amount);
            letter.signed_body = (!resigned).then_some(original);
        }
        Some(WebhookFault::Stale { seconds }) => letter.age_seconds = seconds,
    }
    let once = letter.wrong_secret
        || letter.age_seconds != 0
        || matches!(fault, Some(WebhookFault::Tampered { .. }));
    if once {
        let accepted = attempt(world, number, &delivery.url, &letter).await;
        return mark(if accepted == Some(true) { DeliveryState::Delivered } else { DeliveryState::Refused });
    }
    let attempt = || attempt(world, number, &delivery.url, &letter);
    mark(world.gate.persist(world.options.webhook_retry, attempt).await);
}

/// One attempt: whether it was accepted, or nothing when the endpoint is gone.
async fn attempt(world: &Arc<World>, number: usize, url: &str, letter: &Letter) -> Option<bool> {
    // Looked up each time, so that a rotated secret reaches the retries too.
    let endpoint = world.read(|book| book.endpoint(url).cloned())?;
    let _permit = world.sending.acquire().await.ok()?;
    let (name, value) = seal(&endpoint, letter);
    let request = world
        .client
        .post(url)
        .timeout(world.options.webhook_timeout)
        .header("content-type", "application/json")
        .header(name, value)
        .body(letter.body.clone());
    let status = match request.send().await {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => {
            tracing::debug!(%error, "a webhook found nobody");
            None
        }
    };
    world.change(|book| book.note_attempt(number, Attempt { when: Utc::now(), status }));
    Some(status.is_some_and(|status| (200..300).contains(&status)))
}

/// The header that proves the letter comes from Wave, or pretends to. Time is real: the receiver reads its own clock.
fn seal(endpoint: &WebhookEndpoint, letter: &Letter) -> (&'static str, String) {
    const WRONG: &str = "wave_sn_WHS_somebody-else";
    let secrets: Vec<&str> =
        if letter.wrong_secret { vec![WRONG] } else { endpoint.secrets.iter().map(String::as_str).collect() };
    match endpoint.strategy {
        Strategy::SharedSecret => ("authorization", format!("Bearer {}", secrets.first().unwrap_or(&""))),
        Strategy::Signing => {
            let sent_at = Utc::now().timestamp().saturating_sub(letter.age_seconds);
            let covered = letter.signed_body.as_deref().unwrap_or(&letter.body);
            ("wave-signature", signature::header(secrets, sent_at, covered.as_bytes()))
        }
    }
}

/// Ends when another delivery to this address has been accepted.
async fn overtaken(world: &World, url: &str) {
    let mut changes = world.changes();
    let before = world.read(|book| book.delivered_to(url));
    while world.read(|book| book.delivered_to(url)) <= before {
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn with_amount(body: &str, amount: i64) -> String {
    let Ok(mut event) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    if let Some(data) = event.get_mut("data") {
        set_amount(data, amount);
    }
    event.to_string()
}
