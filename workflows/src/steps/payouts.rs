//! What a payout's process asks for. The one step that moves money is `payouts.send`: it writes the intent before
//! the call and the result after it, always with the order's own key.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use temporalio_common::ActivityError;
use temporalio_macros::activity_definitions;
use wolo_domain::ids::{PayoutId, PotId, UserId};
use wolo_domain::money::Xof;
use wolo_domain::payouts::{PayoutOrder, PayoutRules};
use wolo_domain::pots::HoldReason;

pub struct Payouts;

#[activity_definitions]
impl Payouts {
    #[activity(name = "payouts.plan")]
    pub fn plan(input: PlanPayout) -> Result<Plan, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.verify_recipient")]
    pub fn verify_recipient(input: VerifyRecipient) -> Result<RecipientCheck, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.approve")]
    pub fn approve(input: ApprovePayout) -> Result<Approving, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.send")]
    pub fn send(input: SendPayout) -> Result<PayoutAnswer, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.find")]
    pub fn find(input: FindPayout) -> Result<PayoutAnswer, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.lose_sight")]
    pub fn lose_sight(input: LoseSight) -> Result<(), ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.rule_out")]
    pub fn rule_out(input: RuleOut) -> Result<PayoutAnswer, ActivityError> {
        unimplemented!()
    }
    #[activity(name = "payouts.record_decision")]
    pub fn record_decision(input: RecordDecision) -> Result<(), ActivityError> {
        unimplemented!()
    }
}

pub use payouts::{
    Approve as ApprovePayoutStep, Find as FindPayoutStep, LoseSight as LoseSightOfPayout,
    Plan as PlanPayoutStep, RecordDecision as RecordDecisionStep, RuleOut as RuleOutPayout,
    Send as SendPayoutStep, VerifyRecipient as VerifyRecipientStep,
};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PlanPayout {
    pub pot: PotId,
    #[serde(default)]
    pub rules: PayoutRules,
    pub at: DateTime<Utc>,
}

/// Whether the pot can be paid out, and how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Plan {
    /// The pot is empty.
    NothingToPay,
    /// Gifts whose end is not known yet.
    DonationsPending { count: i64 },
    /// Wave's fees on gifts of these days are not in the books yet.
    FeesPending { days: Vec<NaiveDate> },
    /// Somebody holds the pot back.
    Held { reason: HoldReason },
    /// The payout is written down and the pot is paying out. The order is the first one, or the one that stands.
    Ready {
        order: PayoutOrder,
        amount: Xof,
        /// How many people must still approve it.
        #[serde(default)]
        missing_approvals: u32,
        /// Wave may have executed the order.
        #[serde(default)]
        begun: bool,
        /// Holds that stand on the pot because of this payout: an earlier process of it may have put them there.
        #[serde(default)]
        placed: Vec<HoldReason>,
    },
    /// It has been paid before.
    Paid {
        amount: Xof,
        #[serde(default)]
        placed: Vec<HoldReason>,
    },
}

/// Asks Wave whether the phone that is to be paid belongs to whom we think, and can take the amount. It is the phone that the
/// account has now; from here on what is checked and approved is that one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct VerifyRecipient {
    pub payout: PayoutId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientCheck {
    /// What does not fit, in words, without anybody's name. Nothing speaks against a phone that Wave does not know: not every
    /// wallet has a name; nor against one that finance has accepted.
    pub doubt: Option<String>,
    /// How many people must still approve: all of them, when the phone is another than they have approved.
    pub missing_approvals: u32,
}

/// Writes down that somebody approves a payout.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApprovePayout {
    pub payout: PayoutId,
    pub by: UserId,
    pub reason: String,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Approving {
    /// It counts; so many are still missing.
    Approved { missing: u32 },
    /// The same person has approved before.
    Already { missing: u32 },
    /// Only people of finance approve.
    NotFinance,
    /// Nobody approves what they get themselves.
    OwnPot,
    /// It needs nobody's approval.
    NotNeeded,
    /// It has not been planned yet.
    NotPlanned,
    /// An approval says why, in at most 500 characters.
    NoReason,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SendPayout {
    pub order: PayoutOrder,
    /// So long after its first call the order may be sent again; then it is only looked for.
    #[serde(default = "twenty_hours_in_seconds")]
    pub same_key_seconds: u64,
    pub at: DateTime<Utc>,
}

/// Less than the day for which Wave may be relied on to remember a key.
pub(crate) fn twenty_hours_in_seconds() -> u64 {
    20 * 3_600
}

/// What is known about an order after asking Wave. What is known to be final has been booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PayoutAnswer {
    Succeeded,
    /// Wave says no, for good, to this order.
    Refused {
        code: String,
    },
    /// Nothing was sent: our wallet cannot cover it.
    FloatShort,
    /// Nothing was sent now: somebody holds the pot back.
    Held {
        reason: HoldReason,
    },
    /// Nothing was sent: the recipient has another phone than was checked and approved.
    OtherRecipient,
    /// Nothing was done: this order is not the one that counts any more.
    Overtaken {
        by: PayoutOrder,
    },
    /// It may have happened. Only Wave knows.
    Unclear {
        why: String,
    },
}

/// Wave's refusal of an order that our wallet could not cover when it arrived.
pub const INSUFFICIENT_FUNDS: &str = "insufficient-funds";

/// Looks an order up at Wave: by our reference, or by the id that a person read in Wave's portal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FindPayout {
    pub order: PayoutOrder,
    #[serde(default)]
    pub wave_payout_id: Option<String>,
    pub at: DateTime<Utc>,
}

/// Writes down that nobody knows how the order ended.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LoseSight {
    pub order: PayoutOrder,
    pub at: DateTime<Utc>,
}

/// Finance says that an order of unknown end was never paid. It is believed when Wave's search and its statement of every day
/// since are silent about it, and the first call is older than this; what is missing else is told in words.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RuleOut {
    pub order: PayoutOrder,
    pub after_seconds: u64,
    pub at: DateTime<Utc>,
}

/// Writes down what finance has decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordDecision {
    pub payout: PayoutId,
    /// The number of the order that stood.
    pub order: u32,
    /// Such as `order_anew`.
    pub decision: String,
    pub wave_payout_id: Option<String>,
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}
