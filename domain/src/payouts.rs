//! Payouts: sending a pot's money to its owner, once.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ids::PayoutId;
use crate::money::Xof;
use crate::words::words;

/// Where a payout stands.
///
/// ```text
/// planned ─► sent ─► succeeded
///             ├────► refused ─► sent        a new order, by a person's decision
///             └────► unknown ─► succeeded | refused | sent (the same order again)
/// ```
///
/// `sent` is written before the first byte leaves. `unknown` ends by the provider's evidence only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutStage {
    Planned,
    Sent,
    Unknown,
    Refused,
    Succeeded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a payout that is {from} cannot become {to}")]
pub struct StageError {
    pub from: PayoutStage,
    pub to: PayoutStage,
}

impl PayoutStage {
    pub const ALL: [Self; 5] = [Self::Planned, Self::Sent, Self::Unknown, Self::Refused, Self::Succeeded];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Succeeded => "succeeded",
        }
    }

    /// The intent to send. Sending again what was sent is the same intent (the key is the same), so it is allowed.
    pub fn send(self) -> Result<Self, StageError> {
        self.step(Self::Sent, self != Self::Succeeded)
    }

    pub fn succeed(self) -> Result<Self, StageError> {
        self.step(Self::Succeeded, matches!(self, Self::Sent | Self::Unknown))
    }

    pub fn refuse(self) -> Result<Self, StageError> {
        self.step(Self::Refused, matches!(self, Self::Sent | Self::Unknown))
    }

    pub fn lose_sight(self) -> Result<Self, StageError> {
        self.step(Self::Unknown, matches!(self, Self::Sent | Self::Unknown))
    }

    const fn step(self, to: Self, allowed: bool) -> Result<Self, StageError> {
        if allowed { Ok(to) } else { Err(StageError { from: self, to }) }
    }
}

words!(PayoutStage, "a stage of a payout");

/// Why an order counts as refused of which finance has found that it was never paid.
pub const NEVER_PAID: &str = "never_paid";

/// The same of an order that was paid, and taken back in Wave's portal before it stood in our books.
pub const TAKEN_BACK: &str = "taken_back";

/// What a payout needs before it is sent, besides money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutRules {
    /// From this amount on, two different people of finance approve.
    pub two_approvals_from: Xof,
}

impl PayoutRules {
    pub fn approvals_needed(self, amount: Xof) -> u32 {
        if amount >= self.two_approvals_from { 2 } else { 0 }
    }
}

/// The rule of inputs that were written before they said one.
impl Default for PayoutRules {
    fn default() -> Self {
        Self { two_approvals_from: Xof::new(250_000) }
    }
}

/// One instruction to pay, as Wave knows it. The first order of a payout is number 1. Another order exists only
/// after Wave has refused the one before for good and a person has decided to try again (or our own wallet was short,
/// which passes): never after an attempt whose end is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PayoutOrder {
    pub payout: PayoutId,
    pub number: u32,
}

impl PayoutOrder {
    pub const fn first(payout: PayoutId) -> Self {
        Self { payout, number: 1 }
    }

    /// The orders before this one, from the first.
    pub fn earlier(self) -> impl Iterator<Item = Self> {
        (1..self.number).map(move |number| Self { number, ..self })
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self { payout: self.payout, number: self.number + 1 }
    }

    /// The idempotency key at Wave, and our reference there. It follows from the pot; no attempt changes it.
    pub fn key(self) -> String {
        format!("{}.{}", self.payout, self.number)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_payout_that_succeeded_is_never_sent_again() {
        use PayoutStage::{Planned, Refused, Sent, Succeeded, Unknown};
        type Step = fn(PayoutStage) -> Result<PayoutStage, StageError>;
        let steps: [(Step, PayoutStage, &[PayoutStage]); 4] = [
            (PayoutStage::send, Sent, &[Planned, Sent, Unknown, Refused]),
            (PayoutStage::succeed, Succeeded, &[Sent, Unknown]),
            (PayoutStage::refuse, Refused, &[Sent, Unknown]),
            (PayoutStage::lose_sight, Unknown, &[Sent, Unknown]),
        ];
        for (step, to, allowed) in steps {
            for from in PayoutStage::ALL {
                let expected = if allowed.contains(&from) { Ok(to) } else { Err(StageError { from, to }) };
                assert_eq!(step(from), expected);
            }
        }
        assert!(PayoutStage::ALL.iter().all(|stage| stage.as_str().parse() == Ok(*stage)));
    }

    #[test]
    fn a_large_payout_needs_two_people() {
        let rules = PayoutRules { two_approvals_from: Xof::new(250_000) };
        let needed = [1, 249_999, 250_000, i64::MAX].map(|francs| rules.approvals_needed(Xof::new(francs)));
        assert_eq!(needed, [0, 0, 2, 2]);
    }

    #[test]
    fn the_key_follows_from_the_payout_and_its_order_alone() {
        let order = PayoutOrder::first(PayoutId::from_uuid(Uuid::from_u128(5)));
        assert_eq!(order.key(), "pay_00000000000000000000000000000005.1");
        assert_eq!(order.next().key(), "pay_00000000000000000000000000000005.2");
    }
}
