//! What Wave does to us in a bad hour: every fault that the emulator has and that a story can come through.
//!
//! Three are left out. A refusal for good is an answer, which a person has to deal with. Wave's own record of a gift with another
//! amount than was paid is a lie that only reconciliation can find: what comes of it is a story of its own. And forgotten keys
//! strike everybody at once, so they have a story, too.

use wolo_sandbox::wave::{Endpoint, Fault, FaultRule, RetryAfter, WebhookFault, WebhookFaultRule};

use crate::chance::Chance;
use crate::havoc::Toll;
use crate::stage::Stage;

const ENDPOINTS: [Endpoint; 11] = [
    Endpoint::CheckoutCreate,
    Endpoint::CheckoutGet,
    Endpoint::CheckoutSearch,
    Endpoint::CheckoutExpire,
    Endpoint::CheckoutRefund,
    Endpoint::PayoutCreate,
    Endpoint::PayoutGet,
    Endpoint::PayoutSearch,
    Endpoint::Balance,
    Endpoint::Transactions,
    Endpoint::RecipientVerify,
];

/// Bends some of the next calls and webhooks, whoever makes them.
pub fn some(stage: &Stage, chance: &mut Chance, toll: &Toll) {
    for _ in 0..chance.below(3) {
        let Some(endpoint) = chance.one_of(&ENDPOINTS).copied() else { continue };
        let (kind, fault) = of_a_call(endpoint, chance);
        let times = u32::try_from(1 + chance.below(3)).unwrap_or(1);
        toll.bent(format!("wave {kind}"), stage.wave.fault(FaultRule::once(endpoint, fault).times(times)));
    }
    if chance.percent(50) {
        let fault = of_a_webhook(chance);
        let kind = format!("webhook {}", fault.name());
        toll.bent(kind, stage.wave.webhook_fault(WebhookFaultRule::once(fault)));
    }
}

fn of_a_call(endpoint: Endpoint, chance: &mut Chance) -> (&'static str, Fault) {
    let moves_out = endpoint == Endpoint::PayoutCreate;
    let shows_what_moved_out = matches!(endpoint, Endpoint::PayoutGet | Endpoint::PayoutSearch);
    match chance.below(15) {
        0 => ("slow", Fault::Delay { millis: 500 + chance.draw() % 1_500 }),
        1 => ("too slow", Fault::Delay { millis: 4_500 }),
        2 => ("429", Fault::TooManyRequests { retry_after: None }),
        3 => ("429 in seconds", Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(1)) }),
        4 => ("429 with a date", Fault::TooManyRequests { retry_after: Some(RetryAfter::Date(1)) }),
        5 => ("500 before", Fault::ErrorBefore { status: 500 }),
        6 => ("503 before", Fault::ErrorBefore { status: 503 }),
        7 => ("500 after", Fault::ErrorAfter { status: 500 }),
        8 => ("503 after", Fault::ErrorAfter { status: 503 }),
        9 => ("lost request", Fault::LostRequest),
        10 => ("lost reply", Fault::LostReply),
        11 => ("stalled reply", Fault::StalledReply),
        12 => ("half a reply", Fault::MalformedReply),
        13 if moves_out || shows_what_moved_out => ("another amount", Fault::OtherAmount { amount: 1 }),
        13 => (
            "a page",
            Fault::OtherReply { status: 200, body: "<html>".to_owned(), repeat: 1, location: None },
        ),
        _ if moves_out && chance.percent(50) => ("stays processing", Fault::StaysProcessing),
        _ if moves_out => ("short", Fault::ShortBalance),
        _ if matches!(endpoint, Endpoint::CheckoutSearch | Endpoint::PayoutSearch) => {
            ("blind", Fault::SearchBlind)
        }
        _ => (
            "a page without end",
            Fault::OtherReply { status: 200, body: "x".repeat(1_024), repeat: 2_048, location: None },
        ),
    }
}

fn of_a_webhook(chance: &mut Chance) -> WebhookFault {
    match chance.below(8) {
        0 => WebhookFault::Duplicate { copies: 5 },
        1 => WebhookFault::Late { millis: 1_500 },
        2 => WebhookFault::Held,
        3 => WebhookFault::Lost,
        4 => WebhookFault::Reordered,
        5 => WebhookFault::Forged,
        6 => WebhookFault::Tampered { amount: 1, resigned: chance.percent(50) },
        _ => WebhookFault::Stale { seconds: 3_600 },
    }
}
