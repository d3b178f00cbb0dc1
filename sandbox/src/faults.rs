//! The ways an emulator can be told to misbehave, and the queue they wait in.
//!
//! A rule says where it applies, how often, and what happens. A request meets every `delay` and `search_blind` that
//! matches, and the *first* other rule that matches; so two faults queued with one use each strike two requests in turn.
//! A rule *about* something comes before those about anything: who bends the calls of one page can rely on it, whatever else
//! is queued.
//! Rules never move money by themselves: they only bend what the caller sees, and the book stays exact.

use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a 429 says about when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `Retry-After: 7`
    Seconds(u32),
    /// `Retry-After: Sun, 22 Nov 2026 10:00:07 GMT`, that many seconds from now.
    Date(u32),
}

impl RetryAfter {
    /// As `Retry-After` says it.
    pub(crate) fn in_words(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => {
                // The date is read by the caller's wall clock. A date has whole seconds: rounded up, never early.
                let when = Utc::now() + TimeDelta::seconds(i64::from(seconds) + 1);
                when.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
            }
        }
    }
}

/// What happens to a matching call. In JSON: `{"kind": "error_after", "status": 502}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The call waits first.
    Delay { millis: u64 },
    /// 429 before the work.
    TooManyRequests { retry_after: Option<RetryAfter> },
    /// A 5xx before the work: nothing happened.
    ErrorBefore { status: u16 },
    /// A 5xx after the work: it happened.
    ErrorAfter { status: u16 },
    /// Any refusal before the work, with a code of the caller's choice.
    Refused { status: u16, code: String },
    /// The connection drops before the work.
    LostRequest,
    /// The work is done, then the connection drops without a reply.
    LostReply,
    /// The work is done, then the reply is held until it is released, or the caller hangs up.
    StalledReply,
    /// The work is done; the 200 carries JSON cut in half.
    MalformedReply,
    /// The work is done; the reply is this text instead, repeated, with this status and perhaps a `Location`.
    OtherReply {
        status: u16,
        body: String,
        #[serde(default = "once")]
        repeat: usize,
        #[serde(default)]
        location: Option<String>,
    },
    /// Where money moves: the work is done; the reply shows another amount, in francs.
    OtherAmount { amount: i64 },
    /// Where money moves: searches answer as if nothing matched.
    SearchBlind,
    /// Where money moves: the wallet (or, for a reversal, the recipient's) is short, whatever it holds.
    ShortBalance,
    /// Where money moves: an accepted payout stays `processing` until it is settled by hand.
    StaysProcessing,
}

fn once() -> usize {
    1
}

impl Fault {
    /// Whether it can strike together with another one.
    fn joins_others(&self) -> bool {
        matches!(self, Self::Delay { .. } | Self::SearchBlind)
    }
}

/// What happens to a matching webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WebhookFault {
    /// Sent this many more times.
    Duplicate { copies: u32 },
    /// Sent this much later, or at `release_webhooks`.
    Late { millis: u64 },
    /// Held until `release_webhooks`.
    Held,
    /// Never sent (it can be asked for again).
    Lost,
    /// Held until another delivery to the same address has been accepted, or `release_webhooks`.
    Reordered,
    /// Sent once with a wrong signature, instead of the true one.
    Forged,
    /// Where money moves: sent once with another amount; `resigned` makes the signature fit it.
    Tampered { amount: i64, resigned: bool },
    /// Sent once with a timestamp this old, correctly signed.
    Stale { seconds: i64 },
}

impl WebhookFault {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "duplicate",
            Self::Late { .. } => "late",
            Self::Held => "held",
            Self::Lost => "lost",
            Self::Reordered => "reordered",
            Self::Forged => "forged",
            Self::Tampered { .. } => "tampered",
            Self::Stale { .. } => "stale",
        }
    }
}

/// A fault on API calls, and when it strikes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FaultRule<E> {
    /// Absent: every endpoint.
    pub endpoint: Option<E>,
    /// Only calls whose path, query or body contain this text, such as a reference or an id.
    pub about: Option<String>,
    pub fault: Fault,
    /// How many calls; absent: until removed.
    pub times: Option<u32>,
}

impl<E> FaultRule<E> {
    /// Strikes the next call of `endpoint`.
    pub fn once(endpoint: E, fault: Fault) -> Self {
        Self { endpoint: Some(endpoint), about: None, fault, times: Some(1) }
    }

    /// Strikes every call of `endpoint` until removed.
    pub fn always(endpoint: E, fault: Fault) -> Self {
        Self { times: None, ..Self::once(endpoint, fault) }
    }

    /// Strikes `count` calls.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    /// Strikes only calls that mention `text`.
    #[must_use]
    pub fn about(mut self, text: impl Into<String>) -> Self {
        self.about = Some(text.into());
        self
    }
}

/// A fault on webhooks, and when it strikes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhookFaultRule {
    /// Absent: every event. Otherwise `checkout.session.completed` and so on.
    #[serde(default)]
    pub event: Option<String>,
    /// Only events whose body contains this text.
    #[serde(default)]
    pub about: Option<String>,
    pub fault: WebhookFault,
    /// How many deliveries; absent: until removed.
    #[serde(default)]
    pub times: Option<u32>,
}

impl WebhookFaultRule {
    /// Strikes the next delivery of any event.
    pub fn once(fault: WebhookFault) -> Self {
        Self { event: None, about: None, fault, times: Some(1) }
    }

    /// Strikes every delivery until removed.
    pub fn always(fault: WebhookFault) -> Self {
        Self { times: None, ..Self::once(fault) }
    }

    /// Strikes only this kind of event.
    #[must_use]
    pub fn of(mut self, event: impl Into<String>) -> Self {
        self.event = Some(event.into());
        self
    }
}

/// A rule that waits its turn, under the number that removes it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Queued<R> {
    pub(crate) number: u64,
    #[serde(flatten)]
    pub(crate) rule: R,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Faults<E> {
    pub(crate) calls: Vec<Queued<FaultRule<E>>>,
    pub(crate) webhooks: Vec<Queued<WebhookFaultRule>>,
    #[serde(skip)]
    last_number: u64,
}

// Derived, it would ask for a default endpoint.
impl<E> Default for Faults<E> {
    fn default() -> Self {
        Self { calls: Vec::new(), webhooks: Vec::new(), last_number: 0 }
    }
}

impl<E: Copy + PartialEq> Faults<E> {
    pub(crate) fn add(&mut self, rule: FaultRule<E>) -> u64 {
        self.last_number += 1;
        let at = place(&self.calls, &rule, |rule| &rule.about);
        self.calls.insert(at, Queued { number: self.last_number, rule });
        self.last_number
    }

    pub(crate) fn add_webhook(&mut self, rule: WebhookFaultRule) -> u64 {
        self.last_number += 1;
        let at = place(&self.webhooks, &rule, |rule| &rule.about);
        self.webhooks.insert(at, Queued { number: self.last_number, rule });
        self.last_number
    }

    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let before = self.calls.len() + self.webhooks.len();
        self.calls.retain(|queued| queued.number != number);
        self.webhooks.retain(|queued| queued.number != number);
        self.calls.len() + self.webhooks.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.calls.clear();
        self.webhooks.clear();
    }

    /// Takes the faults that strike this call; `mentions` tells whether it contains a text.
    pub(crate) fn strike(&mut self, endpoint: E, mentions: impl Fn(&str) -> bool) -> Vec<Fault> {
        let mut struck = Vec::new();
        let mut taken = false;
        self.calls.retain_mut(|Queued { rule, .. }| {
            let here = rule.endpoint.is_none_or(|wanted| wanted == endpoint)
                && rule.about.as_deref().is_none_or(&mentions)
                && (rule.fault.joins_others() || !taken);
            if !here {
                return true;
            }
            taken |= !rule.fault.joins_others();
            struck.push(rule.fault.clone());
            uses_left(&mut rule.times)
        });
        struck
    }

    /// Takes the first fault that strikes this delivery.
    pub(crate) fn strike_webhook(&mut self, event: &str, body: &str) -> Option<WebhookFault> {
        let at = self.webhooks.iter().position(|Queued { rule, .. }| {
            rule.event.as_deref().is_none_or(|wanted| wanted == event)
                && rule.about.as_deref().is_none_or(|text| body.contains(text))
        })?;
        let fault = self.webhooks[at].rule.fault.clone();
        if !uses_left(&mut self.webhooks[at].rule.times) {
            self.webhooks.remove(at);
        }
        Some(fault)
    }
}

/// Where a new rule waits: one about something behind the last of its kind, any other at the end.
fn place<R>(queue: &[Queued<R>], rule: &R, about: impl Fn(&R) -> &Option<String>) -> usize {
    match about(rule) {
        Some(_) => queue.iter().take_while(|queued| about(&queued.rule).is_some()).count(),
        None => queue.len(),
    }
}

/// Uses a rule once; false when that was its last use.
fn uses_left(times: &mut Option<u32>) -> bool {
    match times {
        None => true,
        Some(count) => {
            *count = count.saturating_sub(1);
            *count > 0
        }
    }
}
