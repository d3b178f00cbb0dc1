//! What is said to and by a payout's process. Everything here may stand in an open process's history, so it grows by
//! fields with defaults only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wolo_domain::ids::{PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

use crate::steps::payouts::twenty_hours_in_seconds;
use crate::waiting;

/// What a payout's process is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayoutInput {
    pub pot: PotId,
    pub patience: PayoutPatience,
    #[serde(default)]
    pub rules: PayoutRules,
    /// Holds that an earlier run of this payout has put on its pot.
    #[serde(default)]
    pub placed: BTreeSet<HoldReason>,
    /// How often an earlier run of this payout has looked in vain since something last moved.
    #[serde(default)]
    pub looks: u32,
}

impl PayoutInput {
    pub fn new(pot: PotId, patience: PayoutPatience, rules: PayoutRules) -> Self {
        Self { pot, patience, rules, placed: BTreeSet::new(), looks: 0 }
    }
}

/// How long a payout waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutPatience {
    /// Between the first two looks at gifts, fees or a hold that are in the way; then longer and longer.
    pub recheck_seconds: u64,
    /// No two of these looks are further apart. After one pause of this length a person should see why.
    #[serde(default = "waiting::an_hour_in_seconds")]
    pub longest_pause_seconds: u64,
    /// Between two tries to find out what became of an order.
    pub retry_seconds: u64,
    /// Not knowing for so long holds the pot for finance.
    pub unknown_after_seconds: u64,
    /// Between two tries while the Wave wallet is short.
    pub float_retry_seconds: u64,
    /// So long after its first call an order may be sent again with the same key.
    #[serde(default = "twenty_hours_in_seconds")]
    pub same_key_seconds: u64,
    /// So old is the first call of an order of which finance may find that it was never paid.
    #[serde(default = "three_days_in_seconds")]
    pub never_paid_after_seconds: u64,
    /// A run with more events than this carries its state into a new one at its next pause.
    #[serde(default = "two_thousand_events")]
    pub continue_after_events: u32,
}

/// What inputs mean that were written before they said so.
fn two_thousand_events() -> u32 {
    2_000
}

fn three_days_in_seconds() -> u64 {
    3 * 24 * 3_600
}

/// Where the process stands; the answer to the query `status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutStatus {
    pub order: Option<PayoutOrder>,
    pub amount: Xof,
    /// Why the payout waits for a person or for money.
    pub held: Option<HoldReason>,
    /// What led to the hold, as last heard, in words. The pot's own hold keeps its first note.
    #[serde(default)]
    pub why: String,
    /// How many people must still approve it.
    #[serde(default)]
    pub missing_approvals: u32,
    /// What it waits for, in words.
    pub waits_for: String,
    /// A decision that has been taken and not been carried out yet.
    pub decision: Option<Decision>,
}

/// What finance may decide about a payout that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Ask Wave once more about the same order, and send it again with the same key.
    AskAgain,
    /// Finance has found the payout in Wave's portal; its record is read and checked before it is believed.
    Found { wave_payout_id: String },
    /// What made Wave refuse has been put right: order anew. Only after a refusal.
    OrderAnew,
    /// The recipient is the right one, whatever Wave makes of the name: pay. Only while that is in doubt.
    Accept,
    /// The order was never paid: Wave's search and its statement are silent about it. Only while its end is unknown, and
    /// believed only with that evidence.
    NeverPaid,
}

impl Decision {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::AskAgain => "ask_again",
            Self::Found { .. } => "found",
            Self::OrderAnew => "order_anew",
            Self::Accept => "accept",
            Self::NeverPaid => "never_paid",
        }
    }
}

/// A decision with who took it and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    pub decision: Decision,
    /// The number of the order that was looked at; only decisions from before it was asked for have none.
    #[serde(default)]
    pub order: Option<u32>,
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Resolving {
    Accepted,
    /// The payout does not wait for that.
    Refused {
        why: String,
    },
}

/// A person of finance approves a payout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Approve {
    pub by: UserId,
    pub reason: String,
}

/// How the payout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PayoutOutcome {
    NothingToPay,
    Paid { amount: Xof },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_of_before_waits_as_it_did() {
        let before = r#"{
            "pot": "pot_019a0000000070008000000000000000",
            "patience": {
                "recheck_seconds": 60, "retry_seconds": 20, "unknown_after_seconds": 900, "float_retry_seconds": 900
            }
        }"#;
        let input: PayoutInput = serde_json::from_str(before).unwrap();
        assert_eq!(
            (input.patience.longest_pause_seconds, input.patience.continue_after_events),
            (3_600, 2_000)
        );
        let PayoutPatience { same_key_seconds, never_paid_after_seconds, .. } = input.patience;
        assert_eq!((same_key_seconds, never_paid_after_seconds), (72_000, 259_200));
        assert_eq!((input.placed, input.looks), (BTreeSet::new(), 0));
        assert_eq!(input.rules, PayoutRules::default());
    }

    #[test]
    fn a_decision_of_before_names_no_order() {
        let before = r#"{ "decision": { "decision": "ask_again" }, "by": "finance", "reason": "looked" }"#;
        let resolve: Resolve = serde_json::from_str(before).unwrap();
        assert_eq!((resolve.decision, resolve.order), (Decision::AskAgain, None));
    }
}
